/** Every setting's default, made from the schema by docs/write.ts: a run without a file needs no more. */
import type { Settings } from "./schema/schema.ts";

export const DEFAULTS: Settings = {
  "log_level": "info",
  "log_format": "text",
  "log_color": false,
  "auto_reload": false,
  "shutdown_timeout": 28000,
  "trace_domain": "weir",
  "discovery": {
    "instrument": {
      "interfaces": [],
      "attach": "auto",
      "tcx_order": "first",
      "tc_priority": 1,
    },
    "informer": {
      "k8s": {
        "kubeconfig_path": "",
        "allow_credential_plugins": false,
        "include_standard_names": true,
        "informers_sync_timeout": 30000,
        "selectors": [
          {
            "kind": "Namespace",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Service",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "EndpointSlice",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Pod",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Node",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "ReplicaSet",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Deployment",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "DaemonSet",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "StatefulSet",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Job",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "CronJob",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "NetworkPolicy",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Ingress",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
          {
            "kind": "Gateway",
            "namespaces": [],
            "match_labels": {},
            "match_expressions": [],
            "include": true,
          },
        ],
        "owner_relations": {
          "max_depth": 5,
          "include_kinds": [],
          "exclude_kinds": [],
        },
        "selector_relations": [],
      },
    },
  },
  "parser": {
    "vxlan_port": 4789,
    "geneve_port": 6081,
    "wireguard_port": 51820,
  },
  "span": {
    "max_record_interval": 60000,
    "generic_timeout": 30000,
    "icmp_timeout": 10000,
    "tcp_timeout": 20000,
    "tcp_fin_timeout": 5000,
    "tcp_rst_timeout": 5000,
    "udp_timeout": 60000,
    "community_id_seed": 0,
    "trace_id_timeout": 86400000,
  },
  "attributes": {
    "source": {
      "k8s": {
        "enabled": true,
        "extract": {
          "metadata": [
            "[*].metadata.name",
            "[*].metadata.namespace",
            "[*].metadata.uid",
            "pod.metadata.node_name",
          ],
          "label": [],
          "annotation": [],
        },
        "association": {
          "pod": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "status.podIP",
                  "status.podIPs[*]",
                  "status.hostIP",
                  "status.hostIPs[*]",
                ],
              },
            ],
          },
          "node": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "status.addresses[*].address",
                ],
              },
            ],
          },
          "service": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "spec.clusterIP",
                  "spec.clusterIPs[*]",
                  "spec.externalIPs[*]",
                  "spec.loadBalancerIP",
                  "status.loadBalancer.ingress[*].ip",
                ],
              },
            ],
          },
          "endpoint": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "subsets[*].addresses[*].ip",
                  "subsets[*].notReadyAddresses[*].ip",
                ],
              },
            ],
          },
          "endpointslice": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "endpoints[*].addresses[*]",
                ],
              },
            ],
          },
          "ingress": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "status.loadBalancer.ingress[*].ip",
                ],
              },
            ],
          },
          "gateway": {
            "enabled": true,
            "sources": [
              {
                "from": "source.ip",
                "to": [
                  "status.addresses[*].value",
                ],
              },
            ],
          },
        },
      },
    },
    "destination": {
      "k8s": {
        "enabled": true,
        "extract": {
          "metadata": [
            "[*].metadata.name",
            "[*].metadata.namespace",
            "[*].metadata.uid",
            "pod.metadata.node_name",
          ],
          "label": [],
          "annotation": [],
        },
        "association": {
          "pod": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "status.podIP",
                  "status.podIPs[*]",
                  "status.hostIP",
                  "status.hostIPs[*]",
                ],
              },
            ],
          },
          "node": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "status.addresses[*].address",
                ],
              },
            ],
          },
          "service": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "spec.clusterIP",
                  "spec.clusterIPs[*]",
                  "spec.externalIPs[*]",
                  "spec.loadBalancerIP",
                  "status.loadBalancer.ingress[*].ip",
                ],
              },
            ],
          },
          "endpoint": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "subsets[*].addresses[*].ip",
                  "subsets[*].notReadyAddresses[*].ip",
                ],
              },
            ],
          },
          "endpointslice": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "endpoints[*].addresses[*]",
                ],
              },
            ],
          },
          "ingress": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "status.loadBalancer.ingress[*].ip",
                ],
              },
            ],
          },
          "gateway": {
            "enabled": true,
            "sources": [
              {
                "from": "destination.ip",
                "to": [
                  "status.addresses[*].value",
                ],
              },
            ],
          },
        },
      },
    },
  },
  "filter": {
    "source": {},
    "destination": {},
    "network": {},
    "flow": {},
  },
  "sampling": {
    "rate": 1,
    "keep_failures": true,
    "seed": 0,
  },
  "features": {
    "protocol_detection": {
      "enabled": false,
      "protocols": [],
    },
    "latency_tracking": {
      "enabled": true,
    },
    "security_monitoring": {
      "enabled": false,
      "detect_port_scans": true,
      "detect_suspicious_patterns": true,
    },
  },
  "export": {
    "traces": {
      "otlp": [],
    },
  },
  "limits": {
    "flows_max": 262144,
    "aggregates_max": 1024,
    "slots": 65536,
    "ring_bytes": 8388608,
  },
  "resources": {
    "maps": {},
  },
  "internal": {
    "server": {
      "enabled": true,
      "listen_address": "0.0.0.0",
    },
    "metrics": {
      "enabled": true,
      "listen_address": "0.0.0.0",
      "debug_metrics_enabled": false,
      "stale_metric_ttl": 300000,
      "histogram_buckets": {},
    },
  },
  "pipeline": {
    "flow_capture": {},
    "flow_producer": {},
    "k8s_decorator": {},
  },
  "performance": {},
};

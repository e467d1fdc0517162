# every key of the later spelling, most with its default
log_level        = "info"
log_color        = false
auto_reload      = false
shutdown_timeout = "28s"

pipeline {
  flow_capture {
    flow_stats_capacity  = 16384
    flow_events_capacity = 1024
  }
  flow_producer {
    workers                  = 4
    worker_queue_capacity    = 1024
    flow_store_poll_interval = "5s"
    flow_span_queue_capacity = 4096
  }
  k8s_decorator {
    decorated_span_queue_capacity = 8192
  }
}

parser {
  geneve_port    = 6081
  vxlan_port     = 4789
  wireguard_port = 51820
}

discovery "instrument" {
  interfaces               = ["veth*", "tunl*", "ip6tnl*", "vxlan*", "flannel*", "cali*", "cilium_*", "lxc*", "gke*", "eni*", "azure*", "ovn-k8s*"]
  auto_discover_interfaces = true
  tc_priority              = 1
  tcx_order                = "first"
}

discovery "informer" "k8s" {
  kubeconfig_path        = ""
  informers_sync_timeout = "30s"

  selectors = [
    { kind = "Pod" },
    { kind = "service", namespaces = ["shop", "pay"] },
    {
      kind         = "EndpointSlice"
      match_labels = { "app.kubernetes.io/name" = "web" }
      match_expressions = [
        { key = "tier", operator = "In", values = ["front", "back"] },
        { key = "canary", operator = "DoesNotExist" },
      ]
    },
    { kind = "Endpoints", include = false },
  ]

  owner_relations = {
    max_depth     = 5
    include_kinds = ["Deployment", "Rollout"]
    exclude_kinds = []
  }

  selector_relations = [
    {
      kind                             = "NetworkPolicy"
      to                               = "Pod"
      selector_match_labels_field      = "spec.podSelector.matchLabels"
      selector_match_expressions_field = "spec.podSelector.matchExpressions"
    },
    { kind = "Service", to = "Pod", selector_match_labels_field = "spec.selector" }
  ]
}

span {
  max_record_interval = "60s"
  generic_timeout     = "30s"
  icmp_timeout        = "10s"
  tcp_timeout         = "20s"
  tcp_fin_timeout     = "5s"
  tcp_rst_timeout     = "5s"
  udp_timeout         = "60s"
  community_id_seed   = 0
  trace_id_timeout    = "24h"
}

attributes "source" "k8s" {
  extract {
    metadata = ["[*].metadata.name", "[*].metadata.namespace", "pod.metadata.uid", "pod.metadata.node_name"]

    label {
      from            = "service"
      key_regex       = "kubernetes.io/(.*)"
      value_regex     = "(.*)"
      attribute       = "$1"
      attribute_value = "$1"
    }
    label {
      from      = "pod"
      key       = "app"
      attribute = "app"
    }
    annotation {
      from = "pod"
      key  = "team"
    }
  }

  association {
    pod = {
      sources = [
        { from = "source.ip", to = ["status.podIP", "status.podIPs[*]"] },
        { from = "source.port", to = ["spec.containers[*].ports[*].containerPort"] },
        { from = "network.transport", to = ["spec.containers[*].ports[*].protocol"] },
      ]
    }
    node = {
      sources = [{ from = "source.ip", to = ["status.addresses[*].address"] }]
    }
    service = {
      sources = [
        { from = "source.ip", to = ["spec.clusterIP", "spec.clusterIPs[*]", "spec.externalIPs[*]"] },
        { from = "network.type", to = ["spec.ipFamilies[*]"] },
      ]
    }
    networkpolicy = {
      sources = [{ from = "source.ip", to = ["spec.ingress[*].from[*].ipBlock.cidr"] }]
    }
  }
}

attributes "destination" "k8s" {}

filter "source" {
  address = { match = ["10.0.0.0/8", "2001:db8::/32"], not_match = ["10.1.0.0/16"] }
  port    = { not_match = ["0", "32000-60999"] }
}

filter "destination" {
  port = { match = ["443", "8000-8999"] }
}

filter "network" {
  transport       = { match = ["tcp", "icmp*"] }
  type            = { match = ["ipv4"] }
  interface_name  = { not_match = ["docker*"] }
  interface_index = { match = ["1-27"] }
  interface_mac   = { not_match = ["00:11:22:*"] }
}

filter "flow" {
  connection_state = { match = ["established", "fin_wait_*"] }
  ip_dscp_name     = { match = ["AF4{1,2,3}", "ef"] }
  ip_ecn_name      = { not_match = ["CE"] }
  ip_ttl           = { match = ["1", "64-128"] }
  ip_flow_label    = { not_match = ["12345-12545"] }
  icmp_type_name   = { match = ["echo_*"] }
  icmp_code_name   = { match = ["0-8"] }
  tcp_flags_tags   = { match = ["SYN"] }
}

export "traces" {
  stdout = { format = "text_indent" }

  otlp = {
    endpoint               = "https://${env("COLLECTOR", "collector.example")}:4317"
    protocol               = "grpc"
    timeout                = "10s"
    max_batch_size         = 1024
    max_batch_interval     = "2s"
    max_queue_size         = 32768
    max_concurrent_exports = 4
    max_export_timeout     = "10s"

    auth = {
      basic = {
        user = "weir"
        pass = env("OTLP_PASSWORD", "pass")
      }
    }
    headers = { "x-scope" = "1" }
    tls = {
      insecure_skip_verify = false
      ca_cert              = "/etc/certs/ca.crt"
      client_cert          = "/etc/certs/cert.crt"
      client_key           = "/etc/certs/cert.key"
    }
  }
}

internal "traces" {
  span_fmt = "full"
  stdout   = { format = "text_indent" }
}

internal "metrics" {
  enabled               = true
  listen_address        = "0.0.0.0"
  port                  = 10250
  debug_metrics_enabled = false
  stale_metric_ttl      = "5m"

  histogram_buckets = {
    mermin_pipeline_duration_seconds = [0.00001, 0.01, 1, 10]
    mermin_export_batch_size         = [1, 10, 50, 100]
  }
}

internal "server" {
  enabled        = true
  listen_address = "0.0.0.0"
  port           = 8080
}

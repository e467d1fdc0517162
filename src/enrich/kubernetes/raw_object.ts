/**
 * Objects as the API server sends them, as far as they are read. Everything may be missing: not all servers, versions
 * and custom resources say the same.
 */

export interface RawObject {
  apiVersion?: string;
  kind?: string;
  metadata?: RawMetadata;
}

export interface RawMetadata {
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: RawOwner[];
}

export interface RawOwner {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
  controller?: boolean;
}

export interface RawPod extends RawObject {
  spec?: {
    nodeName?: string;
    hostNetwork?: boolean;
    containers?: RawContainer[];
    initContainers?: RawContainer[];
  };
  status?: {
    phase?: string;
    hostIP?: string;
    hostIPs?: { ip?: string }[];
    startTime?: string;
    containerStatuses?: RawContainerStatus[];
  };
}

export interface RawContainer {
  name?: string;
  image?: string;
  restartPolicy?: string;
  ports?: { name?: string; containerPort?: number; hostPort?: number; protocol?: string }[];
}

export interface RawContainerStatus {
  state?: { terminated?: { finishedAt?: string } };
}

export interface RawService extends RawObject {
  spec?: {
    clusterIP?: string;
    clusterIPs?: string[];
    ports?: { name?: string; port?: number; nodePort?: number; protocol?: string }[];
  };
}

export interface RawNode extends RawObject {
  spec?: { podCIDR?: string; podCIDRs?: string[] };
  status?: { addresses?: { type?: string; address?: string }[] };
}

export interface RawEndpointSlice extends RawObject {
  ports?: RawEndpointPort[];
}

export interface RawEndpoints extends RawObject {
  subsets?: { ports?: RawEndpointPort[] }[];
}

export interface RawEndpointPort {
  port?: number;
  protocol?: string;
}

export interface RawLabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key?: string; operator?: string; values?: string[] }[];
}

export interface RawNetworkPolicy extends RawObject {
  spec?: {
    podSelector?: RawLabelSelector;
    policyTypes?: string[];
    ingress?: { from?: RawPolicyPeer[]; ports?: RawPolicyPort[] }[];
    egress?: { to?: RawPolicyPeer[]; ports?: RawPolicyPort[] }[];
  };
}

export interface RawPolicyPeer {
  podSelector?: RawLabelSelector;
  namespaceSelector?: RawLabelSelector;
  ipBlock?: { cidr?: string; except?: string[] };
}

export interface RawPolicyPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}

/**
 * Objects as the API server sends them, as far as they are read. Everything may be missing: not all servers, versions
 * and custom resources say the same. Lists, groups and times may be null: so Go writes what is empty, unless a field's
 * tag leaves it out ("ports" of an endpoint slice, "finishedAt" of a container whose end nobody saw).
 */

export interface RawObject {
  apiVersion?: string;
  kind?: string;
  metadata?: RawMetadata | null;
}

export interface RawMetadata {
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string | null;
  deletionTimestamp?: string | null;
  labels?: Record<string, string> | null;
  annotations?: Record<string, string> | null;
  ownerReferences?: RawOwner[] | null;
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
    containers?: RawContainer[] | null;
    initContainers?: RawContainer[] | null;
  } | null;
  status?: {
    phase?: string;
    hostIP?: string;
    hostIPs?: { ip?: string }[] | null;
    startTime?: string | null;
    conditions?: { type?: string; status?: string; lastTransitionTime?: string | null }[] | null;
    initContainerStatuses?: RawContainerStatus[] | null;
    containerStatuses?: RawContainerStatus[] | null;
  } | null;
}

export interface RawContainer {
  name?: string;
  image?: string;
  restartPolicy?: string;
  ports?: { name?: string; containerPort?: number; hostPort?: number; protocol?: string }[] | null;
}

export interface RawContainerStatus {
  restartCount?: number;
  state?: {
    running?: { startedAt?: string | null } | null;
    terminated?: { startedAt?: string | null; finishedAt?: string | null } | null;
  } | null;
}

export interface RawService extends RawObject {
  spec?: {
    clusterIP?: string;
    clusterIPs?: string[] | null;
    ports?: { name?: string; port?: number; nodePort?: number; protocol?: string }[] | null;
  } | null;
}

export interface RawNode extends RawObject {
  spec?: { podCIDR?: string; podCIDRs?: string[] } | null;
  status?: { addresses?: { type?: string; address?: string }[] } | null;
}

export interface RawGateway extends RawObject {
  spec?: { listeners?: { port?: number; protocol?: string }[] | null } | null;
}

export interface RawEndpointSlice extends RawObject {
  ports?: RawEndpointPort[] | null;
}

export interface RawEndpoints extends RawObject {
  subsets?: { ports?: RawEndpointPort[] | null }[] | null;
}

export interface RawEndpointPort {
  port?: number | null;
  protocol?: string | null;
}

export interface RawLabelSelector {
  matchLabels?: Record<string, string> | null;
  matchExpressions?: { key?: string; operator?: string; values?: string[] | null }[] | null;
}

export interface RawNetworkPolicy extends RawObject {
  spec?: {
    podSelector?: RawLabelSelector | null;
    policyTypes?: string[] | null;
    ingress?: { from?: RawPolicyPeer[] | null; ports?: RawPolicyPort[] | null }[] | null;
    egress?: { to?: RawPolicyPeer[] | null; ports?: RawPolicyPort[] | null }[] | null;
  } | null;
}

export interface RawPolicyPeer {
  podSelector?: RawLabelSelector | null;
  namespaceSelector?: RawLabelSelector | null;
  ipBlock?: { cidr?: string; except?: string[] | null } | null;
}

export interface RawPolicyPort {
  protocol?: string | null;
  port?: number | string | null;
  endPort?: number | null;
}

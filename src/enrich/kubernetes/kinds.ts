/** The kinds of objects that names come from, and where the Kubernetes API serves them. */

export interface Kind {
  /** As Kubernetes writes it. */
  readonly name: KindName;
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** The resource's name in paths and roles. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Whether an object's metadata is enough: the API server then sends no more. */
  readonly metadataOnly: boolean;
  /** In a cluster that does not serve it, nothing is missing. */
  readonly optional: boolean;
  /** What attributes and association call it: "k8s.pod.name". */
  readonly word: string;
}

export type KindName =
  | "Namespace"
  | "Node"
  | "Service"
  | "Deployment"
  | "ReplicaSet"
  | "StatefulSet"
  | "DaemonSet"
  | "CronJob"
  | "Job"
  | "NetworkPolicy"
  | "Ingress"
  | "Gateway"
  | "EndpointSlice"
  | "Endpoints"
  | "Pod";

/** In the order in which they are asked for: what others refer to comes first, pods last. */
export const KINDS: readonly Kind[] = [
  kind("Namespace", "", "v1", "namespaces", { namespaced: false, metadataOnly: true }),
  kind("Node", "", "v1", "nodes", { namespaced: false }),
  kind("Service", "", "v1", "services"),
  kind("Deployment", "apps", "v1", "deployments", { metadataOnly: true }),
  kind("ReplicaSet", "apps", "v1", "replicasets", { metadataOnly: true }),
  kind("StatefulSet", "apps", "v1", "statefulsets", { metadataOnly: true }),
  kind("DaemonSet", "apps", "v1", "daemonsets", { metadataOnly: true }),
  kind("CronJob", "batch", "v1", "cronjobs", { metadataOnly: true }),
  kind("Job", "batch", "v1", "jobs", { metadataOnly: true }),
  kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
  kind("Ingress", "networking.k8s.io", "v1", "ingresses"),
  kind("Gateway", "gateway.networking.k8s.io", "v1", "gateways", { optional: true }),
  kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices"),
  kind("Endpoints", "", "v1", "endpoints", { word: "endpoint" }),
  kind("Pod", "", "v1", "pods"),
];

function kind(
  name: KindName,
  group: string,
  version: string,
  resource: string,
  rest: Partial<Pick<Kind, "namespaced" | "metadataOnly" | "optional" | "word">> = {},
): Kind {
  const usual = { namespaced: true, metadataOnly: false, optional: false, word: name.toLowerCase() };
  return { name, group, version, resource, ...usual, ...rest };
}

const BY_WORD = new Map(
  KINDS.flatMap((kind) => [kind.name, kind.resource, kind.word].map((word) => [word.toLowerCase(), kind])),
);

/** The kind that people mean by a word, in any case, singular or plural; undefined when there is none. */
export function kindOf(word: string): Kind | undefined {
  return BY_WORD.get(word.toLowerCase());
}

/** Where the API server serves a kind; namespace: only what is in it. */
export function pathOf({ group, version, resource }: Kind, namespace?: string): string {
  const base = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return namespace === undefined ? `${base}/${resource}` : `${base}/namespaces/${namespace}/${resource}`;
}

/** The rule of a ClusterRole (or Role) without which a kind cannot be watched, as YAML. */
export function roleRule({ group, resource }: Kind): string {
  return `- apiGroups: ["${group}"]\n  resources: ["${resource}"]\n  verbs: ["list", "watch"]`;
}

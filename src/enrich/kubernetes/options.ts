/** What can be set about names from Kubernetes, close to the configuration's shape, and what holds when nothing is. */
import type { KindName } from "./kinds.ts";

export interface KubernetesOptions {
  /** A kubeconfig to use instead of what KUBECONFIG, the home folder and the pod's service account give. */
  kubeconfigPath?: string;
  /** Whether the kubeconfig's credential plugins may be run. */
  allowExec: boolean;
  /** How long to wait for the first lists before readiness does not wait any more. */
  syncTimeoutMs: number;
  /** What is known: kinds, and of each which objects. A kind that is not named here is as in the defaults. */
  selectors: readonly ObjectSelector[];
  ownerRelations: OwnerRelations;
  selectorRelations: readonly SelectorRelation[];
  /** undefined: this side gets no names. */
  source: SideOptions | undefined;
  destination: SideOptions | undefined;
  /** k8s.cluster.name; Kubernetes itself knows none. */
  clusterName?: string;
  /** Whether names of OpenTelemetry's network flow conventions go beside the others. */
  standardNames: boolean;
  /** How long a flow may wait for the name of an address that should have one. */
  lateNamingMs: number;
  /** How long what is deleted is remembered: longer than any flow takes from its end to its record. */
  memoryMs: number;
}

/** One kind's objects: those that meet all of it. Several selectors of a kind: those that meet any. */
export interface ObjectSelector {
  kind: string;
  /** Empty: all. An object of no namespace is then in none. */
  namespaces?: readonly string[];
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly LabelExpression[];
  /** false: nothing of this kind. */
  include?: boolean;
}

export interface LabelExpression {
  key: string;
  operator: string;
  /** null in objects of a cluster. */
  values?: readonly string[] | null;
}

export interface OwnerRelations {
  /** How many owners up from the pod. */
  maxDepth: number;
  /** Kinds that are named, in any case; empty: all. */
  includeKinds: readonly string[];
  /** Kinds that are not named; more than includeKinds. */
  excludeKinds: readonly string[];
}

/** Names objects of a kind whose selector matches a pod's labels. Without paths: the kind's own selector. */
export interface SelectorRelation {
  kind: string;
  to: string;
  selectorMatchLabelsField?: string;
  selectorMatchExpressionsField?: string;
}

export interface SideOptions {
  extract: ExtractOptions;
  association: Association;
}

export interface ExtractOptions {
  /** "[*].metadata.name", "pod.metadata.annotations" …: a kind or [*], and name, namespace, uid, labels, annotations or node_name. */
  metadata: readonly string[];
  labels: readonly KeyRule[];
  annotations: readonly KeyRule[];
}

/** What stands for all kinds. */
export const EVERY_KIND = "*";

/** Labels or annotations to extract. Where several give one name, the first that finds something does. */
export interface KeyRule {
  /** The kind that has them, in any case, singular or plural; "*": any. */
  from: string;
  /** A key, or a glob for keys. Either this or keyRegex. */
  key?: string | undefined;
  /** A regular expression that whole keys match. */
  keyRegex?: string | undefined;
  /** A regular expression that a part of the value matches: others are not extracted. */
  valueRegex?: string | undefined;
  /**
   * The attribute's name behind "source." or "destination."; $1 is the first group of keyRegex, $0 the key. Default:
   * k8s.KIND.label.KEY, k8s.KIND.annotations.KEY.
   */
  attribute?: string | undefined;
  /** The attribute's value; $1 is the first group of valueRegex, $0 all that it matched. Default: the whole value. */
  attributeValue?: string | undefined;
}

/** By the kind's word: "pod", "service", "endpointslice" …. All rules of a kind hold together. */
export type Association = Readonly<Record<string, readonly AssociationRule[]>>;

/** An object belongs to a flow's side when what the flow has is among what the object has. */
export interface AssociationRule {
  /** "source.ip", "destination.port", "network.transport", "network.type". */
  name: string;
  /** Paths into the object. */
  to: readonly string[];
}

/** Watched when nothing else is said. Endpoints repeat what endpoint slices say: watched only when asked for. */
export const KINDS_DEFAULT: readonly KindName[] = [
  "Namespace",
  "Node",
  "Service",
  "Deployment",
  "ReplicaSet",
  "StatefulSet",
  "DaemonSet",
  "CronJob",
  "Job",
  "NetworkPolicy",
  "Ingress",
  "Gateway",
  "EndpointSlice",
  "Pod",
];

const SECOND_MS = 1_000;
/** Idle timeouts and record intervals are minutes at most by default. */
const MEMORY_MS_DEFAULT = 300 * SECOND_MS;

/** The defaults of a side. */
export function defaultSide(side: "source" | "destination"): SideOptions {
  const ip = (...to: string[]): AssociationRule[] => [{ name: `${side}.ip`, to }];
  return {
    extract: {
      metadata: ["[*].metadata.name", "[*].metadata.namespace", "[*].metadata.uid", "pod.metadata.node_name"],
      labels: [],
      annotations: [],
    },
    association: {
      pod: ip("status.podIP", "status.podIPs[*]", "status.hostIP", "status.hostIPs[*]"),
      service: ip(
        "spec.clusterIP",
        "spec.clusterIPs[*]",
        "spec.externalIPs[*]",
        "spec.loadBalancerIP",
        "status.loadBalancer.ingress[*].ip",
      ),
      node: ip("status.addresses[*].address"),
      endpoint: ip("subsets[*].addresses[*].ip", "subsets[*].notReadyAddresses[*].ip"),
      endpointslice: ip("endpoints[*].addresses[*]"),
      ingress: ip("status.loadBalancer.ingress[*].ip"),
      gateway: ip("status.addresses[*].value"),
    },
  };
}

export const DEFAULT_OPTIONS: KubernetesOptions = {
  allowExec: false,
  syncTimeoutMs: 30 * SECOND_MS,
  selectors: [],
  ownerRelations: { maxDepth: 5, includeKinds: [], excludeKinds: [] },
  selectorRelations: [],
  source: defaultSide("source"),
  destination: defaultSide("destination"),
  standardNames: true,
  lateNamingMs: 5 * SECOND_MS,
  memoryMs: MEMORY_MS_DEFAULT,
};

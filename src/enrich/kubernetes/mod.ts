/**
 * Names from Kubernetes: the pods, services, nodes and policies behind a flow's addresses, as they were when it ran.
 * Loaded only where it is on.
 */
export { askServer } from "./api/ask_server.ts";
export { findAccess } from "./api/find_access.ts";
export type { KindStatus } from "./api/cluster_watch.ts";
export type { Counters, KindCounts } from "./counters.ts";
export type {
  Candidate,
  EndExplanation,
  Explanation,
  FlowQuestion,
  OwnerExplanation,
  PolicyExplanation,
} from "./explainer.ts";
export { FlowNaming } from "./flow_naming.ts";
export { DEFAULT_OPTIONS, defaultSide, type KubernetesOptions } from "./options.ts";
export {
  KubernetesNames,
  type KubernetesNamesParts,
  type KubernetesSizes,
  type Readiness,
} from "./kubernetes_names.ts";
export { ObjectFilter } from "./object_filter.ts";
export { KUBERNETES_ATTRIBUTES, type KubernetesAttribute } from "./attribute_table.ts";

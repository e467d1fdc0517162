/** discovery.informer.k8s: which of Kubernetes' objects are watched, and how they are related. */
import * as v from "valibot";
import { accepted, choice, group, listOf, namedTexts, setting, text, timeout, whole, word, yesOrNo } from "./kinds.ts";

/** Kinds of objects that flows are named after. */
export const OBJECT_KINDS = [
  "Namespace",
  "Service",
  "Endpoints",
  "EndpointSlice",
  "Pod",
  "Node",
  "ReplicaSet",
  "Deployment",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "CronJob",
  "NetworkPolicy",
  "Ingress",
  "Gateway",
] as const;

/** Endpoints repeat what EndpointSlices say: they are watched where somebody names them. */
const KINDS_BY_DEFAULT = OBJECT_KINDS.filter((kind) => kind !== "Endpoints");

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

const matchExpression = v.pipe(
  v.strictObject({
    key: choice("A label's name.", text()),
    operator: choice("How its value is looked at.", word(OPERATORS)),
    values: setting("The values, for In and NotIn.", listOf(text()), []),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { key, operator, values } = dataset.value;
    if (key === undefined) addIssue({ message: "key is missing" });
    if (operator === undefined) addIssue({ message: `operator is missing: ${OPERATORS.join(", ")} are possible` });
    const hasValues = operator === "In" || operator === "NotIn";
    if (operator && hasValues !== values.length > 0) {
      addIssue({ message: hasValues ? `${operator} wants values` : `${operator} takes no values` });
    }
  }),
);

const selector = v.pipe(
  v.strictObject({
    kind: choice("The kind of objects.", word(OBJECT_KINDS)),
    namespaces: setting("Only those in these namespaces. Empty: in all.", listOf(text()), []),
    match_labels: setting("Only those with all of these labels.", namedTexts(), {}),
    match_expressions: setting("Only those whose labels meet all of these.", listOf(matchExpression), []),
    include: setting("false: none of them.", yesOrNo(), true),
  }),
  v.check(({ kind }) => kind !== undefined, "kind is missing"),
);

const selectorRelation = v.pipe(
  v.strictObject({
    kind: choice("The kind of objects that select.", word(OBJECT_KINDS)),
    to: setting("What they select.", word(["Pod"]), "Pod"),
    selector_match_labels_field: choice("Where the labels stand in the object.", text()),
    selector_match_expressions_field: choice("Where the expressions stand in the object.", text()),
  }),
  v.check(({ kind }) => kind !== undefined, "kind is missing"),
);

export type Selector = v.InferOutput<typeof selector>;

/** The selectors that are said, and those of the kinds that none is about: these stay as they are. */
function withDefaults(selectors: Selector[]): Selector[] {
  const said = new Set(selectors.map(({ kind }) => kind));
  return [...selectors, ...KINDS_BY_DEFAULT.filter((kind) => !said.has(kind)).map(defaultSelector)];
}

function defaultSelector(kind: typeof OBJECT_KINDS[number]): Selector {
  return { kind, namespaces: [], match_labels: {}, match_expressions: [], include: true };
}

const k8s = group("How Kubernetes' objects are watched.", {
  enabled: choice("Whether flows are named. Default: in a pod, and wherever this group says anything.", yesOrNo()),
  kubeconfig_path: setting(
    "A kubeconfig. Empty: KUBECONFIG, then ~/.kube/config, then the pod's own service account.",
    v.string("a text is wanted"),
    "",
  ),
  allow_credential_plugins: setting(
    "Whether a kubeconfig's commands may be run; Deno wants --allow-run=COMMAND for them, too.",
    yesOrNo(),
    false,
  ),
  cluster_name: choice("k8s.cluster.name: Kubernetes itself knows none.", text()),
  include_standard_names: setting("Whether OpenTelemetry's names go beside the others.", yesOrNo(), true),
  informers_sync_timeout: setting("How long the first look at all objects may take.", timeout(), "30s"),
  informers_resync_period: accepted("weir's watches go on where they were and need no resync"),
  selectors: setting(
    "Which objects flows are named after. Kinds that no selector is about stay selected.",
    v.pipe(listOf(selector), v.transform(withDefaults)),
    KINDS_BY_DEFAULT.map((kind) => ({ kind })),
  ),
  owner_relations: group("Whom a pod belongs to.", {
    max_depth: setting("How many owners up.", whole(1, 32), 5),
    include_kinds: setting("Only owners of these kinds. Empty: of all.", listOf(text()), []),
    exclude_kinds: setting("No owners of these kinds.", listOf(text()), []),
  }),
  selector_relations: setting("Objects that select pods by their labels.", listOf(selectorRelation), []),
});

export const informer = group("Where names come from.", { k8s });

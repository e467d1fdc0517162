/** attributes: what is taken from Kubernetes' objects, and how a flow's ends find theirs. */
import * as v from "valibot";
import { accepted, choice, group, listOf, setting, text, yesOrNo } from "./kinds.ts";

const FIELDS = ["name", "namespace", "uid", "labels", "annotations", "node_name"] as const;
const METADATA_REGEXP = new RegExp(`^(?:\\[\\*\\]|[a-z]+)\\.metadata\\.(?:${FIELDS.join("|")})$`);
const DEFAULT_METADATA = [
  "[*].metadata.name",
  "[*].metadata.namespace",
  "[*].metadata.uid",
  "pod.metadata.node_name",
];
/** A path into an object: spec.ports[*].port */
const OBJECT_PATH_REGEXP = /^[A-Za-z_]\w*(?:\[\*\])?(?:\.[A-Za-z_]\w*(?:\[\*\])?)*$/;
const LABEL_BLOCKS = 'write a block instead: label { from = "pod", key = "app" }';

type Side = "source" | "destination";

const metadataPath = v.pipe(
  v.string("a text is wanted"),
  v.regex(METADATA_REGEXP, `a path as [*].metadata.name or pod.metadata.uid is wanted; fields: ${FIELDS.join(", ")}`),
);

function regularExpression() {
  return v.pipe(
    text(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      try {
        new RegExp(dataset.value, "u");
      } catch (error) {
        addIssue({ message: `"${dataset.value}" is no regular expression: ${(error as Error).message}` });
      }
    }),
  );
}

const extraction = v.pipe(
  v.strictObject({
    from: setting("The kind of object, in lower case.", text(), "pod"),
    key: choice("The one to take.", text()),
    key_regex: choice(
      "Those to take, by the whole of their name; $1 is its first group in attribute.",
      regularExpression(),
    ),
    value_regex: choice(
      "Only where it finds something in the value's first 256 characters; $1 is its first group in attribute_value.",
      regularExpression(),
    ),
    attribute: choice("The span's attribute. Default: the kind and the key.", text()),
    attribute_value: choice("Its value. Default: the whole one.", text()),
  }),
  v.check(
    ({ key, key_regex }) => (key === undefined) !== (key_regex === undefined),
    "either key or key_regex is wanted",
  ),
);

function association(side: Side, to: string[]) {
  const fields = [`${side}.ip`, `${side}.port`, "network.transport", "network.type"];
  const source = v.pipe(
    v.strictObject({
      from: choice("The flow's side of the match.", v.picklist(fields, `one of ${fields.join(", ")} is wanted`)),
      to: setting(
        "Where in the object the same value stands.",
        listOf(
          v.pipe(v.string("a text is wanted"), v.regex(OBJECT_PATH_REGEXP, "a path as spec.ports[*].port is wanted")),
        ),
        [],
      ),
    }),
    v.check(({ from }) => from !== undefined, "from is missing"),
    v.check(({ to }) => to.length > 0, "to is missing"),
  );
  return choice(
    "How a flow's end finds an object of this kind.",
    v.strictObject({
      enabled: setting("false: not at all.", yesOrNo(), true),
      sources: setting("What has to be equal.", listOf(source), [{ from: `${side}.ip`, to }]),
    }),
  );
}

const POD_PATHS = ["status.podIP", "status.podIPs[*]", "status.hostIP", "status.hostIPs[*]"];
const SERVICE_PATHS = [
  "spec.clusterIP",
  "spec.clusterIPs[*]",
  "spec.externalIPs[*]",
  "spec.loadBalancerIP",
  "status.loadBalancer.ingress[*].ip",
];

function associations(side: Side) {
  const inner = v.strictObject({
    pod: association(side, POD_PATHS),
    node: association(side, ["status.addresses[*].address"]),
    service: association(side, SERVICE_PATHS),
    endpoint: association(side, ["subsets[*].addresses[*].ip", "subsets[*].notReadyAddresses[*].ip"]),
    endpointslice: association(side, ["endpoints[*].addresses[*]"]),
    ingress: association(side, ["status.loadBalancer.ingress[*].ip"]),
    gateway: association(side, ["status.addresses[*].value"]),
    networkpolicy: association(side, ["spec.ingress[*].from[*].ipBlock.cidr", "spec.egress[*].to[*].ipBlock.cidr"]),
  });
  return setting("How an object is found. Set, it is this and nothing else.", inner, {
    pod: {},
    service: {},
    node: {},
    endpoint: {},
    endpointslice: {},
    ingress: {},
    gateway: {},
  });
}

function direction(side: Side) {
  const labels = (what: string) => setting(`${what} to take.`, listOf(extraction), []);
  return group(`How a flow's ${side} is named.`, {
    k8s: group("After Kubernetes.", {
      enabled: setting("false: not at all; so does an empty block.", yesOrNo(), true),
      extract: group("What is taken from an object.", {
        metadata: setting("Its own fields.", listOf(metadataPath), DEFAULT_METADATA),
        label: labels("Labels"),
        annotation: labels("Annotations"),
        pod_labels: accepted(LABEL_BLOCKS),
        pod_annotations: accepted(LABEL_BLOCKS),
        namespace_labels: accepted(LABEL_BLOCKS),
      }),
      association: associations(side),
    }),
  });
}

export const attributes = group("What flows' ends are named after.", {
  source: direction("source"),
  destination: direction("destination"),
});

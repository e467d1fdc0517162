/**
 * chart/values.schema.json: closed, so that a slip of the pen is refused with its place; config.values is weir's own
 * schema. What a value is follows from its default, but for what stands here.
 */
import { settingsJsonSchema } from "../src/settings/json_schema.ts";
import { KINDS } from "../src/enrich/kubernetes/kinds.ts";
import { chartValues } from "./chart_values.ts";

// deno-lint-ignore no-explicit-any
type JsonSchema = Record<string, any>;

/** As Kubernetes has it: the API server checks it. */
const KUBERNETES_OBJECT = { type: "object" };
const KUBERNETES_LIST = { type: "array", items: { type: "object" } };
const TEXTS = { type: "object", additionalProperties: { type: "string" } };
const TEXT_LIST = { type: "array", items: { type: "string", minLength: 1 } };
const PORT = { type: "integer", minimum: 0, maximum: 65_535 };
const COUNT = { type: "integer", minimum: 0 };
/** Of objects: a number or "true" would be read as such. */
const NAME_OR_NONE = "^([a-z]([-a-z0-9]*[a-z0-9])?)?$";
const SHARE = { anyOf: [COUNT, { type: "string", pattern: "^\\d+%$" }] };
const INTERVAL = { type: "string", pattern: "^(\\d+(ms|s|m|h))+$" };
const CAPABILITIES = {
  type: "array",
  items: { type: "string", pattern: "^[A-Z_]+$", not: { pattern: "^CAP_" } },
};

const SHAPES: Record<string, JsonSchema> = {
  "image.repository": { type: "string", minLength: 1 },
  "image.digest": { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
  "image.pullPolicy": { enum: ["IfNotPresent", "Always", "Never"] },
  "imagePullSecrets": KUBERNETES_LIST,
  "config.format": { enum: ["hcl", "yaml", "json"] },
  "nameOverride": { type: "string", pattern: NAME_OR_NONE },
  "fullnameOverride": { type: "string", pattern: NAME_OR_NONE },
  "config.validateDeadlineSeconds": { type: "integer", minimum: 1 },
  "dnsPolicy": { enum: ["", "ClusterFirst", "ClusterFirstWithHostNet", "Default"] },
  "ports.health": PORT,
  "ports.metrics": PORT,
  "ports.listenAddress": { type: "string", minLength: 1 },
  "securityContext.capabilities.add": CAPABILITIES,
  "securityContext.capabilities.drop": CAPABILITIES,
  "securityContext.seccompProfile": KUBERNETES_OBJECT,
  "appArmorProfile": { type: "string", pattern: "^(Unconfined|RuntimeDefault|localhost/.+)?$" },
  "rbac.kinds": { type: "array", items: { enum: KINDS.map(({ name }) => name).sort() } },
  "serviceAccount.annotations": TEXTS,
  "resources": {
    type: "object",
    properties: { requests: KUBERNETES_OBJECT, limits: KUBERNETES_OBJECT, claims: KUBERNETES_LIST },
    additionalProperties: false,
  },
  "updateStrategy.type": { enum: ["RollingUpdate", "OnDelete"] },
  "updateStrategy.rollingUpdate.maxUnavailable": SHARE,
  "updateStrategy.rollingUpdate.maxSurge": SHARE,
  "nodeSelector": { ...TEXTS, type: ["object", "null"] },
  "affinity": {
    type: ["object", "null"],
    properties: { nodeAffinity: KUBERNETES_OBJECT, podAffinity: KUBERNETES_OBJECT, podAntiAffinity: KUBERNETES_OBJECT },
    additionalProperties: false,
  },
  "tolerations": KUBERNETES_LIST,
  "podAnnotations": TEXTS,
  "podLabels": TEXTS,
  "commonLabels": TEXTS,
  "extraArgs": TEXT_LIST,
  "extraEnv": KUBERNETES_LIST,
  "envFrom": KUBERNETES_LIST,
  "extraVolumes": KUBERNETES_LIST,
  "extraVolumeMounts": KUBERNETES_LIST,
  "extraObjects": { type: "array", items: { type: ["object", "string"] } },
  "service.annotations": TEXTS,
  "podMonitor.labels": TEXTS,
  "podMonitor.interval": INTERVAL,
  "serviceMonitor.labels": TEXTS,
  "serviceMonitor.interval": INTERVAL,
  "prometheusRule.labels": TEXTS,
  "networkPolicy.metricsFrom": KUBERNETES_LIST,
  "networkPolicy.egress": KUBERNETES_LIST,
};

const CONFIGURATION = { $ref: "#/definitions/configuration" };

/** Of one node override; what it leaves out is the chart's. */
const OVERRIDE = {
  type: "object",
  required: ["name", "label"],
  properties: {
    name: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 200 },
    label: {
      type: "object",
      required: ["key", "value"],
      properties: { key: { type: "string", minLength: 1 }, value: { type: "string" } },
      additionalProperties: false,
    },
    config: {
      type: "object",
      properties: { content: { type: "string" }, format: SHAPES["config.format"], values: CONFIGURATION },
      additionalProperties: false,
    },
    resources: SHAPES["resources"],
  },
  additionalProperties: false,
};

export function chartSchema(): JsonSchema {
  const schema: JsonSchema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of weir's chart",
    ...closed(),
    definitions: { configuration: { ...settingsJsonSchema(), $schema: undefined } },
  };
  for (const { path, standard, says } of chartValues()) {
    const parent = path.slice(0, -1).reduce((inner, key) => inner.properties[key] ??= closed(), schema);
    parent.properties[path.at(-1)!] = { description: says, ...shapeOf(path.join("."), standard) };
  }
  // Helm hands its own values to charts that are part of others
  schema.properties.global = { type: "object" };
  return schema;
}

function shapeOf(path: string, standard: unknown): JsonSchema {
  if (path === "config.values") return { allOf: [CONFIGURATION] };
  if (path === "nodeOverrides") return { type: "array", items: OVERRIDE };
  const shape = SHAPES[path];
  if (shape) return shape;
  if (Array.isArray(standard)) throw new Error(`chart_schema.ts does not say what ${path} is a list of`);
  if (typeof standard === "number") return COUNT;
  return { type: typeof standard };
}

function closed(): JsonSchema {
  return { type: "object", properties: {}, additionalProperties: false };
}

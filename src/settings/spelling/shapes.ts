/** Other shapes of the same settings: short forms, and forms of other agents' files. */
import type { JsonSchema } from "@valibot/to-json-schema";
import { type Entry, entryAt, type Group, group, type List, scalar, type Tree } from "../document/tree.ts";
import { settingsSchema } from "../schema/schema.ts";
import { view, viewAt } from "../schema/view.ts";

/** A shape, and what it becomes. */
interface Shape {
  /** Where it may be. */
  paths: readonly string[];
  /** For the page. */
  says: string;
  /** The value instead; undefined: it is no such shape. */
  change(value: Tree): Tree | undefined;
  /** The shape as JSON Schema, beside the full one. */
  schema?(full: JsonSchema): JsonSchema[];
}

const SIDES = ["attributes.source.k8s", "attributes.destination.k8s"];
const ASSOCIATED = Object.keys(viewAt(settingsSchema, ["attributes", "source", "k8s", "association"])!.entries);

export const SHAPES: readonly Shape[] = [
  {
    paths: ["export.traces.stdout"],
    says: '`stdout = "text"` is `stdout = { format = "text" }`',
    change: (value) => value.kind === "scalar" ? groupWith("format", value) : undefined,
    schema: ({ properties }) => [properties!.format as JsonSchema],
  },
  {
    paths: ["export.traces.otlp"],
    says: "`otlp` is one receiver, a list of them, or receivers by name: blocks with a label",
    change: receiverList,
    schema: ({ items }) => [items as JsonSchema, { type: "object", additionalProperties: items as JsonSchema }],
  },
  {
    paths: ["features.protocol_detection", "features.latency_tracking", "features.security_monitoring"],
    says: "`true` or `false` instead of the group is its `enabled`",
    change: (value) => value.kind === "scalar" ? groupWith("enabled", value) : undefined,
    schema: () => [{ type: "boolean" }],
  },
  {
    paths: ["attributes"],
    says: "`attributes {}` turns names from Kubernetes off",
    change: (value) =>
      isEmpty(value) ? group(value.origin, SIDES.map((side) => [side.split(".")[1]!, off(value)])) : undefined,
  },
  {
    paths: SIDES,
    says: '`attributes "source" "k8s" {}` turns them off for that end',
    change: (value) => isEmpty(value) ? groupWith("enabled", scalar(false, value.origin)) : undefined,
  },
  {
    paths: SIDES.flatMap((side) => ["label", "annotation"].map((key) => `${side}.extract.${key}`)),
    says: "one `label` or `annotation` block is a list of one",
    change: (value) => value.kind === "group" ? { kind: "list", items: [value], origin: value.origin } : undefined,
    schema: ({ items }) => [items as JsonSchema],
  },
  {
    paths: SIDES.flatMap((side) => ASSOCIATED.map((kind) => `${side}.association.${kind}.sources`)),
    says: '`{ from = "flow", name = "source.ip" }` is `{ from = "source.ip" }`',
    change: (value) => eachItem(value, flowSource),
    schema: ({ items }) => [{ type: "array", items: flowSourceSchema(items as JsonSchema) }],
  },
  {
    paths: ["discovery.informer.k8s.selectors", "discovery.informer.k8s.selector_relations"],
    says: 'the kind `"Endpoint"` is `"Endpoints"`',
    change: (value) => eachItem(value, endpointsKind),
    schema: ({ items }) => [{ type: "array", items: endpointsKindSchema(items as JsonSchema) }],
  },
];

/** Changes the tree. */
export function reshape(tree: Group): void {
  for (const { paths, change } of SHAPES) {
    for (const path of paths) {
      const entry = entryAt(tree, path.split("."));
      if (entry) entry.value = change(entry.value) ?? entry.value;
    }
  }
}

function groupWith(key: string, value: Tree): Group {
  return group(value.origin, [[key, { origin: value.origin, value }]]);
}

function isEmpty(value: Tree): boolean {
  return value.kind === "group" && !value.entries.size;
}

function off({ origin }: Tree): Entry {
  return { origin, value: groupWith("k8s", groupWith("enabled", scalar(false, origin))) };
}

const RECEIVER_KEYS = Object.keys(view(viewAt(settingsSchema, ["export", "traces", "otlp"])!.item!).entries);

function receiverList(value: Tree): List | undefined {
  if (value.kind !== "group") return undefined;
  const { entries, origin } = value;
  const isNamed = entries.size > 0 &&
    [...entries].every(([key, entry]) => entry.value.kind === "group" && !RECEIVER_KEYS.includes(key));
  if (!isNamed) return { kind: "list", items: [value], origin };
  const items = [...entries].map(([name, entry]) => withName(name, entry));
  return { kind: "list", items, origin };
}

function withName(name: string, { origin, value }: Entry): Tree {
  if (value.kind !== "group" || value.entries.has("name")) return value;
  return group(value.origin, [["name", { origin, value: scalar(name, origin) }], ...value.entries]);
}

function eachItem(value: Tree, change: (item: Group) => Group): Tree | undefined {
  if (value.kind !== "list") return undefined;
  return { ...value, items: value.items.map((item) => item.kind === "group" ? change(item) : item) };
}

function flowSource(item: Group): Group {
  const [from, name] = [item.entries.get("from"), item.entries.get("name")];
  if (!name || from?.value.kind !== "scalar" || from.value.value !== "flow") return item;
  const others = [...item.entries].filter(([key]) => key !== "from" && key !== "name");
  return group(item.origin, [["from", name], ...others]);
}

function endpointsKind(item: Group): Group {
  const kind = item.entries.get("kind");
  if (kind?.value.kind !== "scalar" || String(kind.value.value).toLowerCase() !== "endpoint") return item;
  const value = scalar("Endpoints", kind.value.origin);
  return group(item.origin, [...item.entries, ["kind", { ...kind, value }]]);
}

function flowSourceSchema({ properties, ...item }: JsonSchema): JsonSchema {
  return { ...item, properties: { ...properties, from: { enum: ["flow"] }, name: properties!.from! } };
}

function endpointsKindSchema({ properties, ...item }: JsonSchema): JsonSchema {
  const kind = properties!.kind as JsonSchema;
  return { ...item, properties: { ...properties, kind: { ...kind, enum: [...kind.enum!, "Endpoint"] } } };
}

/** Values of a program's own as a tree. */
import type { Origin } from "./origin.ts";
import { type Group, group, type Scalar, scalar, type Tree } from "./tree.ts";

export function treeOf(value: unknown, origin: Origin): Tree {
  if (Array.isArray(value)) return { kind: "list", items: value.map((item) => treeOf(item, origin)), origin };
  if (typeof value === "object" && value !== null) return groupOf(value, origin);
  return scalar(value as Scalar["value"], origin);
}

function groupOf(value: object, origin: Origin): Group {
  return group(origin, Object.entries(value).map(([key, inner]) => [key, { origin, value: treeOf(inner, origin) }]));
}

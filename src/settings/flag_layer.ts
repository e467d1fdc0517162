/** The layer that the command line lays over everything else. */
import type { Origin } from "./document/origin.ts";
import { type Group, group, scalar, setAt } from "./document/tree.ts";
import { treeOf } from "./document/tree_of.ts";
import type { Flag } from "./load_settings.ts";

export function flagLayer(flags: readonly Flag[]): Group {
  const tree = group({ kind: "flag", flag: "the command line" });
  for (const { flag, path, value, isText } of flags) {
    const origin: Origin = { kind: "flag", flag };
    setAt(tree, path.split("."), {
      origin,
      value: isText ? scalar(String(value), origin, true) : treeOf(value, origin),
    });
  }
  return tree;
}

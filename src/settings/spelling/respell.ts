/** Brings a tree into weir's own spelling. */
import type { Problem } from "../document/problem.ts";
import { originText } from "../document/origin.ts";
import { type Entry, entryAt, type Group, setAt, takeAt } from "../document/tree.ts";
import { reshape } from "./shapes.ts";
import { SPELLINGS } from "./spellings.ts";

/** Changes the tree. What is said twice, in two spellings, is a problem. */
export function respell(tree: Group, problems: Problem[]): void {
  for (const { from, to, isWeak = false } of SPELLINGS) {
    const entry = takeAt(tree, from.split("."));
    if (!entry) continue;
    for (const path of to) problems.push(...place(tree, path, { ...entry, spelled: from }, isWeak));
  }
  reshape(tree);
}

type Moved = Entry & { spelled: string };

function place(tree: Group, to: string, entry: Moved, isWeak: boolean): Problem[] {
  const path = to.split(".");
  const { origin, value, spelled } = entry;
  const before = entryAt(tree, path);
  if (!before) {
    if (setAt(tree, path, entry)) return [];
    return [{ origin, message: `${spelled}: there is no room for ${to}, which it stands for` }];
  }
  if (before.value.kind === "group" && value.kind === "group") {
    return [...value.entries].flatMap(([key, inner]) =>
      place(tree, `${to}.${key}`, { ...inner, spelled: `${spelled}.${key}` }, isWeak)
    );
  }
  if (isWeak) return [];
  const where = originText(before.origin);
  return [{ origin, message: `${spelled} is set twice: it stands for ${to}, which is set at ${where}` }];
}

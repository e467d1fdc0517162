/** Brings a tree into weir's own spelling. */
import type { Problem } from "../document/problem.ts";
import { originText } from "../document/origin.ts";
import { type Entry, entryAt, type Group, setAt, takeAt } from "../document/tree.ts";
import { reshape } from "./shapes.ts";
import { type Spelling, SPELLINGS } from "./spellings.ts";

/** Changes the tree. What is said twice, in two spellings, is a problem. */
export function respell(tree: Group, problems: Problem[]): void {
  for (const spelling of SPELLINGS) {
    const entry = takeAt(tree, spelling.from.split("."));
    if (!entry) continue;
    for (const to of spelling.to) place(tree, entry, spelling, to, problems);
  }
  reshape(tree);
}

function place(tree: Group, entry: Entry, { from, isWeak }: Spelling, to: string, problems: Problem[]): void {
  const path = to.split(".");
  const before = entryAt(tree, path);
  if (!before) {
    if (setAt(tree, path, { ...entry, spelled: from })) return;
    problems.push({ origin: entry.origin, message: `${from}: there is no room for ${to}, which it stands for` });
  } else if (before.value.kind === "group" && entry.value.kind === "group") {
    for (const [key, inner] of entry.value.entries) {
      place(tree, inner, { from: `${from}.${key}`, to: [], product: "Mermin" }, `${to}.${key}`, problems);
    }
  } else if (!isWeak) {
    const message = `${from} is set twice: it stands for ${to}, which is set at ${originText(before.origin)}`;
    problems.push({ origin: entry.origin, message });
  }
}

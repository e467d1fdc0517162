/** What is said of a key that there is not. */
import { nearest } from "../nearest.ts";
import { leaves, type Schema, view, viewAt } from "../schema/view.ts";
import { SPELLINGS } from "../spelling/spellings.ts";

const NAMED_MAX = 12;

/** path: of the key, with what it stands in. */
export function unknownKey(root: Schema, path: readonly string[]): string {
  const key = path.at(-1)!;
  // items of lists have no keys of their own
  const parent = path.slice(0, -1).map((name) => name.replace(/\[\d+\]$/, ""));
  const known = keysAt(root, parent);
  return `unknown key "${path.join(".")}": ${hint(root, key, known)}`;
}

function hint(root: Schema, key: string, known: string[]): string {
  const near = nearest(key, known);
  if (near) return `did you mean "${near}"?`;
  const elsewhere = parentsOf(root, key);
  if (elsewhere.length) return `it is a key of ${elsewhere.join(" and of ")}`;
  const more = known.length > NAMED_MAX ? ", …" : "";
  return known.length ? `known here: ${known.slice(0, NAMED_MAX).join(", ")}${more}` : "no keys are known here";
}

/** The keys that can stand in a group: its own, and those of other spellings. */
function keysAt(root: Schema, parent: readonly string[]): string[] {
  let at = viewAt(root, parent);
  while (at?.type === "array" && at.item) at = view(at.item);
  const prefix = parent.map((key) => `${key}.`).join("");
  const spelled = SPELLINGS.filter(({ from }) => from.startsWith(prefix))
    .map(({ from }) => from.slice(prefix.length).split(".")[0]!);
  return [...new Set([...Object.keys(at?.entries ?? {}), ...spelled])];
}

/** Whether it is a group of another spelling, all of whose keys have gone where they belong. */
export function isSpelledGroup(path: readonly string[]): boolean {
  return SPELLINGS.some(({ from }) => from.startsWith(`${path.join(".")}.`));
}

/** The groups that have such a key, if there are few. */
function parentsOf(root: Schema, key: string): string[] {
  const found = new Set<string>();
  for (const { path } of leaves(root, { inLists: true })) {
    const at = path.indexOf(key);
    if (at > 0) found.add(path.slice(0, at).join("."));
  }
  return found.size <= 2 ? [...found] : [];
}

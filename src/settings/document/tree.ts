/** What a configuration says, before anybody has looked at what it means: each part knows where it was said. */
import type { Origin } from "./origin.ts";

export type Tree = Scalar | List | Group | Broken;

export interface Scalar {
  kind: "scalar";
  value: string | number | boolean;
  /** A text without a kind of its own, from an environment variable: the key decides what it is. */
  isLoose: boolean;
  origin: Origin;
}

export interface List {
  kind: "list";
  items: Tree[];
  origin: Origin;
}

export interface Group {
  kind: "group";
  entries: Map<string, Entry>;
  origin: Origin;
}

/** Something that is wrong already and has been reported. */
export interface Broken {
  kind: "broken";
  origin: Origin;
}

export interface Entry {
  /** Where the key stands. */
  origin: Origin;
  value: Tree;
  /** The path as it was written, where that is another one. */
  spelled?: string;
}

export function group(origin: Origin, entries: Iterable<[string, Entry]> = []): Group {
  return { kind: "group", entries: new Map(entries), origin };
}

export function scalar(value: Scalar["value"], origin: Origin, isLoose = false): Scalar {
  return { kind: "scalar", value, isLoose, origin };
}

/** A tree as plain values; what is broken is undefined. */
export function plainValue(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return tree.items.map(plainValue);
    case "group":
      return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plainValue(value)]));
    case "broken":
      return undefined;
  }
}

/** What stands at a path; undefined where nothing does. */
export function entryAt(tree: Tree, path: readonly string[]): Entry | undefined {
  let entry: Entry | undefined;
  let inner: Tree | undefined = tree;
  for (const key of path) {
    entry = inner?.kind === "group" ? inner.entries.get(key) : undefined;
    inner = entry?.value;
  }
  return entry;
}

/** Puts an entry at a path, with the groups that lead there. What is no group on the way stays: then false. */
export function setAt(tree: Group, path: readonly string[], entry: Entry): boolean {
  let inner = tree;
  for (const key of path.slice(0, -1)) {
    const next = inner.entries.get(key);
    if (next && next.value.kind !== "group") return false;
    const below: Group = next?.value as Group | undefined ?? group(entry.origin);
    if (!next) inner.entries.set(key, { origin: entry.origin, value: below });
    inner = below;
  }
  inner.entries.set(path.at(-1)!, entry);
  return true;
}

/** Takes an entry away, and with it groups that have nothing left. */
export function takeAt(tree: Group, path: readonly string[]): Entry | undefined {
  const [key, ...rest] = path as [string, ...string[]];
  const entry = tree.entries.get(key);
  if (!entry || !rest.length) {
    tree.entries.delete(key);
    return entry;
  }
  if (entry.value.kind !== "group") return undefined;
  const taken = takeAt(entry.value, rest);
  if (taken && !entry.value.entries.size) tree.entries.delete(key);
  return taken;
}

/** A tree of its own as far as groups go: what stands in them can be changed. */
export function copyGroup(tree: Group): Group {
  const entries = [...tree.entries].map(([key, entry]): [string, Entry] => [
    key,
    entry.value.kind === "group" ? { ...entry, value: copyGroup(entry.value) } : entry,
  ]);
  return { ...tree, entries: new Map(entries) };
}

/** Lays one layer over another: groups are joined, everything else is replaced. */
export function overlay(below: Group, above: Group): Group {
  const entries = new Map(below.entries);
  for (const [key, entry] of above.entries) {
    const under = entries.get(key);
    const isJoined = under?.value.kind === "group" && entry.value.kind === "group";
    entries.set(key, isJoined ? { ...under, value: overlay(under.value as Group, entry.value as Group) } : entry);
  }
  return { ...below, entries };
}

/** The schema as something to look at: what a key is, what it wants, what it is without being set. */
import * as v from "valibot";
import type { Facts } from "./kinds.ts";

export type Schema = v.GenericSchema;

/** A schema without what it is wrapped in. */
export interface View {
  /** The library's name of its kind: strict_object, array, record, picklist, number, string, boolean, … */
  type: string;
  says: string;
  facts: Facts;
  /** What it is when it is left out; undefined: nothing. */
  standard: unknown;
  /** Of a group, its keys. */
  entries: Record<string, Schema>;
  /** Of a list, what is in it; of named values, what they are. */
  item: Schema | undefined;
  /** Of words, which. */
  words: readonly string[];
}

interface AnySchema {
  type: string;
  wrapped?: Schema;
  default?: unknown;
  entries?: Record<string, Schema>;
  item?: Schema;
  value?: Schema;
  options?: readonly unknown[];
}

export function view(schema: Schema): View {
  const outer = schema as unknown as AnySchema;
  const inner = (outer.wrapped ?? schema) as unknown as AnySchema & Schema;
  return {
    type: inner.type,
    says: v.getDescription(inner) ?? "",
    facts: v.getMetadata(inner) as Facts,
    standard: outer.wrapped ? outer.default : undefined,
    entries: inner.entries ?? {},
    item: inner.item ?? inner.value,
    words: inner.type === "picklist" ? inner.options as string[] : [],
  };
}

/** What stands at a path; undefined where there is no such key. Items of lists have no name of their own. */
export function viewAt(root: Schema, path: readonly string[]): View | undefined {
  let at: View | undefined = view(root);
  for (const key of path) {
    while (at?.type === "array" && at.item) at = view(at.item);
    const entry: Schema | undefined = at && Object.hasOwn(at.entries, key) ? at.entries[key] : undefined;
    at = entry && view(entry);
  }
  return at;
}

/** Whether what stands at a path may hold a secret: the key is one, is in one, or is a group with one in it. */
export function isSecretAt(root: Schema, path: readonly string[]): boolean {
  const names = path.map((key) => key.replace(/\[\d+\]$/, "")).filter((key) => !/^\d+$/.test(key));
  const views = names.map((_, i) => viewAt(root, names.slice(0, i + 1)));
  const keys = Object.values(views.at(-1)?.entries ?? {});
  return views.some((at) => at?.facts.isSecret) || keys.some((schema) => view(schema).facts.isSecret);
}

/** Every key that is no group, by path; keys of a list's groups are reached through the list where `inLists` says so. */
export function* leaves(
  root: Schema,
  { inLists = false, path = [] as string[] } = {},
): Generator<{ path: string[]; view: View }> {
  for (const [key, entry] of Object.entries(view(root).entries)) {
    const inner = view(entry);
    const here = [...path, key];
    const item = inLists && inner.type === "array" && inner.item ? inner.item : undefined;
    if (inner.type === "strict_object") yield* leaves(entry, { inLists, path: here });
    else if (item && view(item).type === "strict_object") yield* leaves(item, { inLists, path: here });
    else yield { path: here, view: inner };
  }
}

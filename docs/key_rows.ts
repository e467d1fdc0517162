/** The schema's keys as rows of tables. */
import { isLive } from "../src/settings/live/live_keys.ts";
import { settingsJsonSchema } from "../src/settings/json_schema.ts";
import { settingsSchema } from "../src/settings/schema/schema.ts";
import { type Schema, type View, view } from "../src/settings/schema/view.ts";
import { code } from "./markdown.ts";

interface KeyRow {
  path: string;
  wants: string;
  standard: string;
  says: string;
}

type Json = Record<string, unknown>;

/** Groups that are as another one is, or have the same keys many times over. */
const ALIKE: Record<string, string> = {
  "attributes.destination": "as `attributes.source`",
  "filter.destination": "as `filter.source`",
};
const ASSOCIATION_REGEXP = /^(attributes\.source\.k8s\.association)\.(\w+)$/;

/** Every key under one, but for those that have no effect at all. */
export function keyRows(top: string): KeyRow[] {
  const json = settingsJsonSchema() as Json;
  const schema = settingsSchema.entries[top as keyof typeof settingsSchema.entries] as unknown as Schema;
  return [...rowsOf(top, view(schema), inside(json, top))];
}

/** Keys of the file itself. */
export function topKeys(): Array<{ key: string; isGroup: boolean; says: string }> {
  return Object.entries(settingsSchema.entries).map(([key, schema]) => {
    const { type, says } = view(schema as unknown as Schema);
    return { key, isGroup: type === "strict_object", says };
  });
}

/** isIdle: a group around it has no effect yet. */
function* rowsOf(path: string, at: View, json: Json, isIdle = false): Generator<KeyRow> {
  if (at.type === "unknown") return;
  const isIdleHere = isIdle || at.facts.notice !== undefined;
  if (ALIKE[path]) {
    yield { path, wants: "", standard: "", says: `${ALIKE[path]}.` };
    return;
  }
  const kind = ASSOCIATION_REGEXP.exec(path);
  if (kind && kind[2] !== "pod") return;
  const shown = kind ? `${kind[1]}.KIND` : path;
  if (isPatterns(at)) {
    const says = saysText(path, at, isIdle);
    yield { path, wants: "`match`, `not_match`: lists", standard: "`[]`, `[]`", says };
    return;
  }
  if (at.type === "strict_object") {
    for (const [key, entry] of Object.entries(at.entries)) {
      yield* rowsOf(`${shown}.${key}`, view(entry), inside(json, key), isIdleHere);
    }
    return;
  }
  yield {
    path: shown,
    wants: wantsText(at, json),
    standard: standardText(shown, at),
    says: saysText(path, at, isIdle),
  };
  const item = at.type === "array" && at.item ? view(at.item) : undefined;
  if (item?.type !== "strict_object") return;
  for (const [key, entry] of Object.entries(item.entries)) {
    yield* rowsOf(`${shown}[].${key}`, view(entry), inside(itemsOf(json), key), isIdleHere);
  }
}

function saysText(path: string, { says, facts: { notice, isLater } }: View, isIdle: boolean): string {
  if (isIdle) return `${says} _No effect yet._`;
  if (notice !== undefined) return `${says} _No effect${isLater ? " yet" : ""}: ${notice}._`;
  return isLive(path) ? `${says} _Live._` : says;
}

function isPatterns({ entries }: View): boolean {
  return Object.keys(entries).join() === "match,not_match";
}

/** A key's schema, in a group's or in the first of its forms. */
function inside(json: Json, key: string): Json {
  return ((json.properties ?? (json.anyOf as Json[])[0]!.properties) as Record<string, Json>)[key]!;
}

function itemsOf(json: Json): Json {
  return (json.items ?? (json.anyOf as Json[])[0]!.items) as Json;
}

function wantsText({ type, words, facts }: View, json: Json): string {
  if (words.length) return words.map(code).join(", ");
  const range = json.minimum === undefined ? "" : `, ${json.minimum} to ${json.maximum}`;
  switch (type) {
    case "number":
      return `${json.type === "integer" ? "whole number" : "number"}${range}`;
    case "boolean":
      return "`true`, `false`";
    case "record":
      return "names with texts";
    case "array":
      return itemsOf(json).type === "object" ? "list of groups" : "list";
    default:
      return facts.wanted === undefined ? "text" : facts.wanted.replace(/^a length of /, "").replace(/, as .*$/, "");
  }
}

/** Defaults that a cell has no room for. */
const LONG_DEFAULTS: Record<string, string> = {
  "discovery.informer.k8s.selectors": "every kind",
  "attributes.source.k8s.association.KIND.sources": "its addresses",
};

function standardText(path: string, { standard }: View): string {
  if (standard === undefined) return "";
  return LONG_DEFAULTS[path] ?? code(typeof standard === "string" ? standard || '""' : JSON.stringify(standard));
}

/** Keys that are accepted and have no effect, with why; with `isLater` those that will have one. */
export function effectRows(isLater: boolean, isWanted: (path: string) => boolean = () => true): string[][] {
  const rows = [...effects("", view(settingsSchema))];
  return rows.filter((row) => row.isLater === isLater && isWanted(row.path)).map(({ path, but, why }) => [
    `${code(path)}${but}`,
    why,
  ]);
}

interface Effect {
  path: string;
  /** The value that needs no notice. */
  but: string;
  why: string;
  isLater: boolean;
}

/** isIdle: a group around it has no effect yet; of what is in it, only what never will have one is said. */
function* effects(path: string, at: View, isIdle = false): Generator<Effect> {
  const { notice, isLater = false, fixed } = at.facts;
  if (notice !== undefined && (!isIdle || at.type === "unknown")) {
    yield { path, but: fixed === undefined ? "" : ` but for ${code(String(fixed))}`, why: notice, isLater };
  }
  const entries = at.type === "array" && at.item ? view(at.item).entries : at.entries;
  for (const [key, entry] of Object.entries(entries)) {
    if (ALIKE[`${path}.${key}`]) continue;
    yield* effects(path ? `${path}.${key}` : key, view(entry), isIdle || notice !== undefined);
  }
}

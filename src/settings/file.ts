/**
 * Reads a configuration file: YAML, checked as a whole, every problem with its place. Loaded only when there is a file.
 */
import * as v from "valibot";
import { isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { UsageError } from "../errors.ts";
import { nearest } from "./nearest.ts";
import { type SettingsInput, settingsSchema } from "./schema.ts";

interface Problem {
  path: PropertyKey[];
  message: string;
}

/** Reads a file's text. Throws {@linkcode UsageError} with all of its problems, one a line. */
export function readSettings(text: string, path: string): SettingsInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length) {
    throw new UsageError(
      document.errors.map((error) => `${placeOf(error.pos[0])}: ${error.message.split("\n")[0]}`).join("\n"),
    );
  }
  const value = document.toJS() ?? {};
  const result = v.safeParse(settingsSchema, value);
  if (result.success) return value;
  const problems = result.issues.map(problemOf);
  throw new UsageError(
    problems.map(({ path: keys, message }) => `${placeOf(offsetOf(document.contents, keys))}: ${message}`).join("\n"),
  );
}

function problemOf(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).map(({ key }) => key as PropertyKey);
  const name = path.map(String).join(".") || "the file";
  if (issue.type === "strict_object" && issue.expected === "never") return { path, message: unknownKey(path) };
  if (issue.type === "strict_object") return { path, message: `${name}: a group of keys is wanted` };
  return { path, message: `${name}: ${issue.message}` };
}

function unknownKey(path: PropertyKey[]): string {
  const known = keysAt(path.slice(0, -1));
  const near = nearest(String(path.at(-1)), known);
  const hint = near ? `did you mean "${near}"?` : `known here: ${known.join(", ")}`;
  return `unknown key "${path.map(String).join(".")}": ${hint}`;
}

/** The keys that the schema has under a path. */
function keysAt(path: PropertyKey[]): string[] {
  let schema: unknown = settingsSchema;
  for (const key of path) schema = unwrap(entriesOf(schema)?.[String(key)]);
  return Object.keys(entriesOf(schema) ?? {});
}

function entriesOf(schema: unknown): Record<string, unknown> | undefined {
  return (schema as { entries?: Record<string, unknown> } | undefined)?.entries;
}

/** The schema inside optionals. */
function unwrap(schema: unknown): unknown {
  const inner = (schema as { wrapped?: unknown } | undefined)?.wrapped;
  return inner ? unwrap(inner) : schema;
}

/** Where a key stands; where its nearest enclosing one does when it is missing. */
function offsetOf(root: Node | null, path: PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (!pair) break;
    offset = (pair.key as Node).range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

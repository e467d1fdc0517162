/**
 * Reads a configuration file: YAML, checked as a whole, every problem with its place. Loaded only when there is a file.
 */
import * as v from "valibot";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { UsageError } from "../errors.ts";
import { nearest } from "./nearest.ts";
import { type SettingsInput, settingsSchema } from "./schema.ts";

/** What is wrong, and where: an offset into the text. */
interface Problem {
  offset: number;
  message: string;
}

/** Reads a file's text. Throws {@linkcode UsageError} with all of its problems, one a line, in the file's order. */
export function readSettings(text: string, path: string): SettingsInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const value = document.errors.length ? undefined : toValue(document, path);
  const problems = document.errors.length ? document.errors.map(syntaxProblem) : problemsOf(value, document.contents);
  if (!problems.length) return value as SettingsInput;
  problems.sort((a, b) => a.offset - b.offset);
  const said = problems.map(({ offset, message }) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}: ${message}`;
  });
  throw new UsageError([...new Set(said)].join("\n"));
}

function syntaxProblem({ code, message, pos }: Document.Parsed["errors"][number]): Problem {
  const said = code === "MULTIPLE_DOCS" ? "a second document begins: one is wanted" : message.split("\n")[0]!;
  return { offset: pos[0], message: said };
}

/** The document as values; of an empty one, an empty group. */
function toValue(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    // aliases that refer to each other until they fill the memory
    throw new UsageError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function problemsOf(value: unknown, root: Node | null): Problem[] {
  if (Array.isArray(value)) return [{ offset: offsetOf(root, []), message: "the file: a group of keys is wanted" }];
  const result = v.safeParse(settingsSchema, value);
  if (result.success) return [];
  return result.issues.map((issue) => {
    const { path, message } = nameProblem(issue);
    return { offset: offsetOf(root, path), message };
  });
}

function nameProblem(issue: v.BaseIssue<unknown>): { path: PropertyKey[]; message: string } {
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

/** Where a key or a list's item stands; where its nearest enclosing one does when it is missing. */
function offsetOf(root: Node | null, path: PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
      continue;
    }
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    if (!pair) break;
    offset = (pair.key as Node).range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

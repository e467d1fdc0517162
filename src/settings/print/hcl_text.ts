/** Shown settings as HCL. */
import type { Shown } from "./shown_settings.ts";

/** What stands behind a value, as a comment; undefined: nothing does. */
export type CommentOf = (path: string) => string | undefined;

type Group = Record<string, Shown>;

export function hclText(settings: Group, commentOf: CommentOf): string {
  const lines: string[] = [];
  writeBody(lines, settings, "", "", commentOf);
  return `${lines.join("\n").trim()}\n`;
}

function writeBody(lines: string[], values: Group, indent: string, path: string, commentOf: CommentOf): void {
  for (const [key, value] of Object.entries(values)) {
    const here = path ? `${path}.${key}` : key;
    if (isGroup(value) && !isNamed(value)) {
      writeBlock(lines, value, indent, key, here, commentOf);
      continue;
    }
    if (hasNames(value)) {
      for (const [i, { name, ...inner }] of value.entries()) {
        writeBlock(lines, inner, indent, `${key} ${quoted(String(name))}`, `${here}[${i}]`, commentOf);
      }
      continue;
    }
    const comment = commentOf(here);
    const text = `${indent}${key} = ${expression(value, indent)}`;
    lines.push(comment === undefined ? text : withComment(text, comment));
  }
}

/** A block; where all that is in it are groups, their names are its labels. */
function writeBlock(
  lines: string[],
  value: Group,
  indent: string,
  head: string,
  path: string,
  commentOf: CommentOf,
): void {
  const inner = Object.entries(value);
  if (inner.length && inner.every(([, below]) => isGroup(below) && !isNamed(below))) {
    for (const [label, below] of inner) {
      writeBlock(lines, below as Group, indent, `${head} "${label}"`, `${path}.${label}`, commentOf);
    }
    return;
  }
  lines.push("", `${indent}${head} {`);
  writeBody(lines, value, `${indent}  `, path, commentOf);
  lines.push(`${indent}}`);
}

/** A comment goes behind the first line: a list may go on for more. */
function withComment(text: string, comment: string): string {
  const [first, ...rest] = text.split("\n");
  return [`${first} # ${comment}`, ...rest].join("\n");
}

function isGroup(value: Shown): value is Group {
  return typeof value === "object" && !Array.isArray(value);
}

/** Whether a list's groups have names, which are then labels of blocks. */
function hasNames(value: Shown): value is Group[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((item) => isGroup(item) && typeof item.name === "string");
}

/** Whether names in it are the file's own, so that they are keys of an object and no attributes. */
function isNamed(value: Group): boolean {
  const keys = Object.keys(value);
  return keys.length === 0 || keys.some((key) => !/^[a-z][a-z0-9_]*$/.test(key));
}

function expression(value: Shown, indent: string): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const line = inlineExpression(value);
  if (indent.length + line.length <= LINE_MAX) return line;
  const deeper = `${indent}  `;
  if (!Array.isArray(value)) {
    const items = Object.entries(value).map(([key, inner]) =>
      `${deeper}${objectKey(key)} = ${expression(inner, deeper)}`
    );
    return items.length ? `{\n${items.join("\n")}\n${indent}}` : "{}";
  }
  if (value.every((item) => typeof item !== "object")) return line;
  return `[\n${value.map((item) => `${deeper}${expression(item, deeper)},`).join("\n")}\n${indent}]`;
}

/** Longer ones are broken. */
const LINE_MAX = 120;

function inlineExpression(value: Shown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(inlineExpression).join(", ")}]`;
  const items = Object.entries(value).map(([key, inner]) => `${objectKey(key)} = ${inlineExpression(inner)}`);
  return items.length ? `{ ${items.join(", ")} }` : "{}";
}

function objectKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && key !== "for" ? key : quoted(key);
}

/** HCL has JSON's escapes but for \b and \f, and signs of its own. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/\\b/g, "\\u0008").replace(/\\f/g, "\\u000c").replace(/[$%](?=\{)/g, "$&$&");
}

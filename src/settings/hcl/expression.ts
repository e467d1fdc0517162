/** Values in HCL. Of its expressions, those that a configuration needs: literals, texts, lists, objects and env(). */
import type { Origin } from "../document/origin.ts";
import { type Broken, type Entry, group, type Scalar, scalar, type Tree } from "../document/tree.ts";
import type { Variables } from "../environment/variables.ts";
import type { HclScanner } from "./scanner.ts";
import { readHeredoc, readQuoted, type Template } from "./template.ts";

/** What reading values needs beside the text. */
export interface HclContext {
  scanner: HclScanner;
  variables: Variables;
  originOf(offset: number): Origin;
  /** Something is wrong that does not keep the rest from being read. */
  report(origin: Origin, message: string): void;
}

const NUMBER_REGEXP = /(?:-[ \t]*)?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const OPERATOR_REGEXP = /\?|\.|\[|\+|-|\*|\/(?![/*])|%|==|!=|<=?|>=?|&&|\|\|/y;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([["true", true], ["false", false], ["null", null]]);
const ONLY = 'only values, and env("NAME") or env("NAME", "default"), are read';

/** A value; null is none at all. isLine: the end of the line ends it. */
export function readExpression(context: HclContext, isLine: boolean): Tree | null {
  const { scanner } = context;
  const value = scanner.nested(() => readTerm(context, isLine));
  const end = scanner.at;
  if (isLine) scanner.skipBlanks();
  else scanner.skipLines();
  if (scanner.match(OPERATOR_REGEXP)) scanner.fail(`"${scanner.text.slice(end, scanner.at).trim()}": ${ONLY}`, end);
  scanner.at = end;
  return value;
}

function readTerm(context: HclContext, isLine: boolean): Tree | null {
  const { scanner } = context;
  const start = scanner.at;
  const origin = context.originOf(start);
  const hole = () => readExpression(context, false);
  if (scanner.next === '"') return fill(context, readQuoted(scanner, hole), origin);
  const heredoc = readHeredoc(scanner, hole);
  if (heredoc) return fill(context, heredoc, origin);
  if (scanner.next === "[") return readList(context);
  if (scanner.next === "{") return readObject(context);
  if (scanner.take("(")) return readParentheses(context, start);
  const number = scanner.match(NUMBER_REGEXP);
  if (number === undefined && /[-!]/.test(scanner.next)) scanner.fail(`"${scanner.next}" in front of a value: ${ONLY}`);
  return number === undefined ? readWord(context, origin, isLine) : scalar(readNumber(context, number, start), origin);
}

function readNumber({ scanner }: HclContext, text: string, start: number): number {
  const value = Number(text.replace(/\s/g, ""));
  return Number.isFinite(value) ? value : scanner.fail(`${text} is too large a number`, start);
}

function readParentheses(context: HclContext, start: number): Tree | null {
  const { scanner } = context;
  scanner.skipLines();
  const value = readExpression(context, false);
  scanner.skipLines();
  if (!scanner.take(")")) scanner.fail("the ) for this ( is missing", start);
  return value;
}

/** true, false, null, env(…), or something that should have been a text. */
function readWord(context: HclContext, origin: Origin, isLine: boolean): Tree | null {
  const { scanner } = context;
  const start = scanner.at;
  const word = scanner.identifier() ?? scanner.fail(`${scanner.found} where a value is wanted`);
  const value = WORDS.get(word);
  if (value !== undefined) return value === null ? null : scalar(value, origin);
  if (scanner.match(isLine ? /[ \t]*\(/y : /\s*\(/y)) return readCall(context, word, start);
  // the rest of a reference, as in var.name
  scanner.match(/(?:\.[\w-]+)*/y);
  const text = scanner.text.slice(start, scanner.at);
  context.report(origin, `${text} is no value: write a text in quotation marks, or \${env("${text}")} for a variable`);
  return { kind: "broken", origin };
}

function readCall(context: HclContext, name: string, start: number): Tree {
  const { scanner } = context;
  const origin = context.originOf(start);
  if (name !== "env") scanner.fail(`${name}() is unknown: ${ONLY}`, start);
  const words: string[] = [];
  for (scanner.skipLines(); !scanner.take(")"); scanner.skipLines()) {
    words.push(readArgument(context));
    scanner.skipLines();
    if (!scanner.take(",") && scanner.next !== ")") scanner.fail(`${scanner.found} where , or ) is wanted`);
  }
  const [variable = "", standard] = words;
  if (!variable || words.length > 2) scanner.fail('write env("NAME") or env("NAME", "default")', start);
  const value = context.variables(variable) ?? standard;
  if (value !== undefined) return scalar(value, origin, true);
  context.report(origin, `the environment has no ${variable}: set it, or write env("${variable}", "default")`);
  return { kind: "broken", origin };
}

/** A text, or a name without its quotation marks. */
function readArgument(context: HclContext): string {
  const { scanner } = context;
  const start = scanner.at;
  if (scanner.next !== '"') {
    return scanner.identifier() ?? scanner.fail(`${scanner.found} where a text in quotation marks is wanted`);
  }
  const value = fill(context, readQuoted(scanner, () => readExpression(context, false)), context.originOf(start));
  return value.kind === "scalar" ? String(value.value) : "";
}

function readList(context: HclContext): Tree {
  const { scanner } = context;
  const start = scanner.at;
  const items: Tree[] = [];
  scanner.take("[");
  for (scanner.skipLines(); !scanner.take("]"); scanner.skipLines()) {
    if (scanner.match(/for(?![\w-])/y)) scanner.fail(`a "for" expression: ${ONLY}`, start);
    const item = readExpression(context, false);
    if (item) items.push(item);
    scanner.skipLines();
    if (scanner.take(",") || scanner.next === "]") continue;
    if (scanner.isOver) scanner.fail("the ] for this [ is missing", start);
    scanner.fail(`${scanner.found} where , or ] is wanted`);
  }
  return { kind: "list", items, origin: context.originOf(start) };
}

function readObject(context: HclContext): Tree {
  const { scanner } = context;
  const start = scanner.at;
  const entries = new Map<string, Entry>();
  scanner.take("{");
  for (scanner.skipLines(); !scanner.take("}"); scanner.skipLines()) {
    if (scanner.isOver) scanner.fail("the } for this { is missing", start);
    readItem(context, entries, start);
    scanner.skipBlanks();
    if (scanner.take(",") || scanner.next === "}" || scanner.endLine()) continue;
    scanner.fail(`${scanner.found} where , or the end of the line is wanted`);
  }
  return group(context.originOf(start), entries);
}

function readItem(context: HclContext, entries: Map<string, Entry>, start: number): void {
  const { scanner } = context;
  const keyAt = scanner.at;
  const key = readKey(context, start);
  scanner.skipBlanks();
  if (!scanner.take("=") && !scanner.take(":")) scanner.fail(`${scanner.found} where = is wanted`);
  scanner.skipBlanks();
  const value = readExpression(context, true);
  if (entries.has(key)) context.report(context.originOf(keyAt), `"${key}" is set twice`);
  if (value) entries.set(key, { origin: context.originOf(keyAt), value });
}

function readKey(context: HclContext, start: number): string {
  const { scanner } = context;
  const keyAt = scanner.at;
  if (scanner.match(/for(?![\w-])/y)) scanner.fail(`a "for" expression: ${ONLY}`, start);
  const word = scanner.identifier() ?? scanner.match(/\d+/y);
  if (scanner.next === ".") scanner.fail("a key with a dot in it is written in quotation marks", keyAt);
  if (word !== undefined) return word;
  if (scanner.next !== '"') scanner.fail(`${scanner.found} where a key is wanted`);
  const key = fill(context, readQuoted(scanner, () => readExpression(context, false)), context.originOf(keyAt));
  return key.kind === "scalar" ? String(key.value) : "";
}

/** The text of a template. A hole alone keeps the kind of its value. */
function fill(context: HclContext, { parts }: Template<Tree | null>, origin: Origin): Scalar | Broken {
  const [first] = parts;
  if (parts.length === 1 && typeof first === "object" && first.hole?.kind === "scalar") return first.hole;
  let text = "";
  let isLoose = false;
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const value = part.hole;
    if (value?.kind === "broken") return { kind: "broken", origin };
    if (value?.kind !== "scalar") {
      context.report(context.originOf(part.offset), "a text cannot hold a list, an object or null");
      return { kind: "broken", origin };
    }
    text += value.value;
    isLoose ||= value.isLoose;
  }
  return scalar(text, origin, isLoose);
}

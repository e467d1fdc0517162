/** Bodies in HCL: attributes and blocks. A block's labels are groups, one in the other. */
import type { Origin } from "../document/origin.ts";
import { type Entry, type Group, group, type List, type Tree } from "../document/tree.ts";
import { type HclContext, readExpression } from "./expression.ts";
import { readQuoted } from "./template.ts";

/** A body: the file's, or up to a block's closing brace. */
export function readBody(context: HclContext, body: Group, isFile: boolean): void {
  const { scanner } = context;
  for (scanner.skipLines(); !scanner.isOver; scanner.skipLines()) {
    if (scanner.next === "}") {
      if (isFile) scanner.fail("a } that closes nothing: take it away");
      return;
    }
    readItem(context, body);
    if (!scanner.endLine()) scanner.fail(`${scanner.found} where the end of the line is wanted`);
  }
}

interface Word {
  text: string;
  origin: Origin;
}

function readItem(context: HclContext, body: Group): void {
  const { scanner } = context;
  const start = scanner.at;
  const text = scanner.identifier() ?? scanner.fail(`${scanner.found} where a key or a block is wanted`);
  const name: Word = { text, origin: context.originOf(start) };
  scanner.skipBlanks();
  if (scanner.next === "=" && !scanner.startsWith("==")) {
    readAttribute(context, body, name);
    return;
  }
  const path = [name, ...readLabels(context)];
  const opening = scanner.at;
  if (!scanner.take("{")) {
    scanner.fail(
      scanner.next === ":"
        ? `":" where "=" is wanted: a key of a body is written ${text} = value`
        : `${scanner.found} where = or { is wanted behind "${path.map((word) => word.text).join(" ")}"`,
    );
  }
  const inner = group(context.originOf(opening));
  scanner.nested(() => readBlock(context, inner, opening));
  addBlock(context, body, path, inner);
}

function readAttribute(context: HclContext, body: Group, name: Word): void {
  const { scanner } = context;
  scanner.take("=");
  scanner.skipBlanks();
  const value = readExpression(context, true);
  if (value) addValue(context, body, name, value);
}

function addValue({ report }: HclContext, body: Group, { text, origin }: Word, value: Tree): void {
  const before = body.entries.get(text);
  if (!before) body.entries.set(text, { origin, value });
  else if (before.value.kind === "group" && value.kind === "group") joinGroups(report, before.value, value);
  else report(origin, `"${text}" is set twice: the first is ${lineOf(before)}`);
}

function readLabels(context: HclContext): Word[] {
  const { scanner } = context;
  const labels: Word[] = [];
  for (;;) {
    const start = scanner.at;
    const text = scanner.next === '"' ? readLabel(context) : scanner.identifier();
    if (text === undefined) return labels;
    labels.push({ text, origin: context.originOf(start) });
    scanner.skipBlanks();
  }
}

function readLabel({ scanner }: HclContext): string {
  const start = scanner.at;
  const { parts } = readQuoted(scanner, () => scanner.fail("a block's label is a plain text", start));
  return parts.join("");
}

/** From behind the opening brace to behind the closing one. */
function readBlock(context: HclContext, inner: Group, opening: number): void {
  const { scanner } = context;
  if (scanner.endLine()) {
    readBody(context, inner, false);
    if (!scanner.take("}")) scanner.fail("the } for this { is missing", opening);
    return;
  }
  if (scanner.take("}")) return;
  const start = scanner.at;
  const text = scanner.identifier() ?? scanner.fail(`${scanner.found} where a key or } is wanted`);
  scanner.skipBlanks();
  if (scanner.next !== "=") scanner.fail("a block on one line holds one key at most: put its { at the line's end");
  readAttribute(context, inner, { text, origin: context.originOf(start) });
  scanner.skipBlanks();
  if (!scanner.take("}")) scanner.fail("a block on one line holds one key at most: put its { at the line's end");
}

/** Blocks that may come several times: each is an item of a list. */
const REPEATABLE: ReadonlySet<string> = new Set(["otlp", "label", "annotation"]);

/** Hangs a block into the body. The same block again goes on with the first one. */
function addBlock({ report }: HclContext, body: Group, path: Word[], inner: Group): void {
  let at = body;
  for (const [depth, { text, origin }] of path.entries()) {
    const before = at.entries.get(text);
    const isLast = depth === path.length - 1;
    if (!before) {
      const value = isLast ? inner : group(origin);
      at.entries.set(text, { origin, value });
      at = value;
    } else if (isLast && REPEATABLE.has(text)) {
      before.value = listWith(before.value, inner);
    } else if (before.value.kind !== "group") {
      report(origin, `"${text}" is set twice: the first is ${lineOf(before)}`);
      return;
    } else if (isLast) {
      joinGroups(report, before.value, inner);
    } else {
      at = before.value;
    }
  }
}

function listWith(before: Tree, item: Group): List {
  if (before.kind === "list") return { ...before, items: [...before.items, item] };
  return { kind: "list", items: [before, item], origin: before.origin };
}

function joinGroups(report: HclContext["report"], into: Group, from: Group): void {
  for (const [key, entry] of from.entries) {
    const before = into.entries.get(key);
    if (!before) into.entries.set(key, entry);
    else if (before.value.kind === "group" && entry.value.kind === "group") {
      joinGroups(report, before.value, entry.value);
    } else report(entry.origin, `"${key}" is set twice: the first is ${lineOf(before)}`);
  }
}

function lineOf({ origin }: Entry): string {
  return origin.kind === "file" ? `in line ${origin.source.place(origin.offset).line}` : "elsewhere";
}

/** HCL beside a second implementation, HashiCorp's own parser: the same files, the same values, and places for all. */
import { equal, ok } from "node:assert/strict";
// @ts-types="../../support/hcl2json.d.ts"
import { parse } from "@cdktf/hcl2json";
import { SAME_OFFSETS, SourceText } from "../../../src/settings/document/source_text.ts";
import type { Origin } from "../../../src/settings/document/origin.ts";
import type { Group, Tree } from "../../../src/settings/document/tree.ts";
import type { Reading } from "../../../src/settings/document/reading.ts";
import { readHcl } from "../../../src/settings/hcl/read_hcl.ts";
import { HclText, hclVariable } from "../../support/hcl_text.ts";
import { type Random, randomTest } from "../../support/random.ts";

const FILES = 499;
const MUTANTS = 2_003;

function read(text: string): Reading {
  return readHcl({ source: new SourceText("w.hcl", text), text, offsetMap: SAME_OFFSETS, variables: hclVariable });
}

async function readSecond(text: string): Promise<{ value?: unknown; error?: string }> {
  try {
    return { value: await parse("w.hcl", text) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** The text that the second implementation leaves unevaluated. */
function evaluate(text: string): string {
  return text.replace(
    /\$\$\{|%%\{|\$\{[(\s]*(?:\/\*.*?\*\/)?[(\s]*env\((?:\s|\/\*.*?\*\/)*"(\w+)".*?\)(?:[\s)]|\/\*.*?\*\/|#.*\n)*\}/gs,
    (all, name) => name ? hclVariable(name) : all.slice(1),
  );
}

/** Compares a tree with what the second implementation says; blocks are lists there, and holes are left as they are. */
function compare(tree: Tree, value: unknown, path: string, text: string, isWhole = true): void {
  const where = `${path} of\n${text}`;
  switch (tree.kind) {
    case "scalar":
      // in a damaged file a hole may hold anything
      if (!isWhole && String(value).includes("${")) return;
      equal(tree.value, typeof value === "string" ? evaluate(value) : value, where);
      return;
    case "list":
      ok(Array.isArray(value) && value.length === tree.items.length, where);
      tree.items.forEach((item, i) => compare(item, value[i], `${path}.${i}`, text, isWhole));
      return;
    case "group":
      compareGroups(tree, (Array.isArray(value) ? value[0] : value) as Record<string, unknown>, path, text, isWhole);
      return;
    case "broken":
      throw new Error(`${path} is broken in\n${text}`);
  }
}

function compareGroups(
  { entries }: Group,
  second: Record<string, unknown>,
  path: string,
  text: string,
  isWhole: boolean,
): void {
  equal([...entries.keys()].sort().join(), Object.keys(second).sort().join(), `${path} of\n${text}`);
  for (const [key, entry] of entries) {
    ok(standsAt(entry.origin, key), `${path}.${key} has a wrong place in\n${text}`);
    compare(entry.value, second[key], `${path}.${key}`, text, isWhole);
  }
}

/** Whether a key's place is where its text is, with quotation marks or without. */
function standsAt(origin: Origin, key: string): boolean {
  if (origin.kind !== "file") return false;
  const { text } = origin.source;
  if (/[^\w./-]/.test(key.normalize("NFD").replace(/\p{M}/gu, ""))) return text[origin.offset] === '"'; // escapes
  return text.startsWith(key, origin.offset) || text.startsWith(`"${key}"`, origin.offset);
}

randomTest("readHcl() reads what HashiCorp's parser reads, and knows where every key stands", async (random) => {
  for (let i = 0; i < FILES; i++) {
    const text = new HclText(random).body();
    const { value, error } = await readSecond(text);
    equal(error, undefined, `${error}:\n${text}`);
    const { tree, problems } = read(text);
    equal(problems.map(({ message }) => message).join(), "", text);
    compare(tree, value, "", text);
  }
});

/** What weir refuses and HCL as such does not: it evaluates no expressions, and says so. */
const REFUSED = [
  "are read$",
  "are not read",
  "is no value",
  "is set twice",
  "cannot hold",
  "write env\\(",
  "the environment has no",
  "a key is wanted",
  "nested more",
  "key with a dot",
  "too large",
  "text in quotation marks is wanted$",
  "where , or \\) is wanted$",
  '^"[-+*/%<>?![(]+" where = is wanted',
];
const REFUSED_REGEXP = new RegExp(REFUSED.join("|"));

randomTest("readHcl() refuses a damaged file where HashiCorp's parser does", async (random) => {
  let refused = 0;
  for (let i = 0; i < MUTANTS; i++) {
    const text = `${damage(new HclText(random).body(), random)}\n`;
    const { value, error } = await readSecond(text);
    const { tree, problems } = read(text);
    if (error) {
      refused++;
      ok(problems.length, `${error}\nis fine with weir:\n${text}`);
    } else if (problems.length) {
      ok(problems.every(({ message }) => REFUSED_REGEXP.test(message)), `${problems[0]!.message}:\n${text}`);
    } else compare(tree, value, "", text, false);
  }
  ok(refused > MUTANTS / 5, `${refused} files were refused`);
});

const SCRAPS = [
  '"',
  "{",
  "}",
  "[",
  "]",
  "=",
  ",",
  "\n",
  "#",
  "/*",
  "*/",
  "${",
  "(",
  ")",
  "<<X\n",
  " ",
  "\\",
  ":",
  "-",
  "x",
  "1",
];

/** One to three slips: a character lost, another one put in, a piece twice. */
function damage(text: string, random: Random): string {
  let damaged = text;
  for (let slips = 1 + random.below(3); slips; slips--) {
    const at = random.below(damaged.length + 1);
    const [before, after] = [damaged.slice(0, at), damaged.slice(at)];
    switch (random.below(3)) {
      case 0:
        damaged = before + after.slice(1 + random.below(3));
        break;
      case 1:
        damaged = before + random.pick(SCRAPS) + after;
        break;
      default:
        damaged = before + after.slice(0, 5) + after;
    }
  }
  return damaged;
}

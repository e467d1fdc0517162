/** Reads YAML 1.2, and JSON with it, and keeps where everything stands. Loaded only when there is a file to read. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar as YamlScalar,
  type YAMLMap,
} from "yaml";
import type { Origin } from "../document/origin.ts";
import type { Problem } from "../document/problem.ts";
import type { Reading, ReadOptions } from "../document/reading.ts";
import { type Entry, type Group, group, scalar, type Tree } from "../document/tree.ts";
import { type Embedded, findEmbedded } from "./config_map.ts";
import { expand } from "./expand.ts";

/** More than anybody writes; aliases of aliases, or of themselves, could ask for any number. */
const VALUES_MAX = 100_000;
const DEPTH_MAX = 100;

/** A reading, or where in a manifest the configuration itself is. */
export type YamlReading = Reading | { embedded: Embedded };

export function readYaml(options: ReadOptions): YamlReading {
  const { text, source, offsetMap } = options;
  const originOf = (offset: number): Origin => ({ kind: "file", source, offset: offsetMap(offset) });
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  if (document.errors.length) {
    const problems = firstErrors(document.errors).map((error) => ({
      origin: originOf(error.pos[0]),
      message: syntaxText(error, text),
    }));
    return { tree: group(originOf(0)), problems, isWhole: false };
  }
  const found = findEmbedded(document, text);
  if (!found) return new TreeReader(options, document, originOf).read();
  if (!("problem" in found)) {
    return { embedded: { ...found, offsetMap: (offset) => offsetMap(found.offsetMap(offset)) } };
  }
  return {
    tree: group(originOf(0)),
    problems: [{ origin: originOf(found.offset), message: found.problem }],
    isWhole: false,
  };
}

type YamlError = Document.Parsed["errors"][number];

/** Behind an error of syntax come only its consequences. */
function firstErrors(errors: readonly YamlError[]): YamlError[] {
  const first = errors.findIndex(({ code }) => code !== "DUPLICATE_KEY");
  return first < 0 ? [...errors] : errors.slice(0, first + 1);
}

function syntaxText({ code, message, pos }: YamlError, text: string): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins: one is wanted";
  if (text[pos[0] - 1] === "$" && text[pos[0]] === "{") {
    return "a variable between braces or brackets is written in quotation marks";
  }
  return message.split("\n")[0]!;
}

/** Turns YAML's nodes into a tree. */
class TreeReader {
  readonly #document: Document.Parsed;
  readonly #variables: ReadOptions["variables"];
  readonly #originOf: (offset: number) => Origin;
  readonly #problems: Problem[] = [];
  #values = 0;
  #depth = 0;
  #isTooMuch = false;

  constructor({ variables }: ReadOptions, document: Document.Parsed, originOf: (offset: number) => Origin) {
    this.#document = document;
    this.#variables = variables;
    this.#originOf = originOf;
  }

  read(): Reading {
    const { contents } = this.#document;
    const tree = this.#tree(contents);
    const isEmpty = !tree;
    if (tree && tree.kind !== "group" && tree.kind !== "broken") {
      this.#problems.push({ origin: tree.origin, message: "a group of keys is wanted" });
    }
    const root = isEmpty || tree.kind !== "group" ? group(this.#originOf(contents?.range?.[0] ?? 0)) : tree;
    return { tree: root, problems: this.#problems, isWhole: root === tree || isEmpty };
  }

  /** undefined: nothing is said, as by "key:" without a value. */
  #tree(node: unknown): Tree | undefined {
    if (!isNode(node)) return undefined;
    const origin = this.#origin(node);
    if (++this.#values > VALUES_MAX || this.#depth >= DEPTH_MAX) return this.#tooMuch(origin);
    this.#depth++;
    try {
      return this.#inside(node, origin);
    } finally {
      this.#depth--;
    }
  }

  #tooMuch(origin: Origin): Tree {
    if (!this.#isTooMuch) this.#report(origin, "too many values, or too deep: aliases of aliases");
    this.#isTooMuch = true;
    return { kind: "broken", origin };
  }

  #inside(node: Node, origin: Origin): Tree | undefined {
    if (isAlias(node)) return this.#alias(node.source, node.resolve(this.#document), origin);
    if (isMap(node)) return this.#group(node, origin);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#tree(item)).filter((item) => item !== undefined);
      return { kind: "list", items, origin };
    }
    return isScalar(node) ? this.#scalar(node, origin) : undefined;
  }

  #alias(name: string, node: Node | undefined, origin: Origin): Tree | undefined {
    if (node) return this.#tree(node);
    this.#report(origin, `nothing is called &${name}`);
    return { kind: "broken", origin };
  }

  #group(node: YAMLMap, origin: Origin): Group {
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      if (!isScalar(key)) {
        this.#report(isNode(key) ? this.#origin(key) : origin, "a key is a single word");
        continue;
      }
      const tree = this.#tree(value);
      if (tree) entries.set(String(key.value), { origin: this.#origin(key), value: tree });
    }
    return group(origin, entries);
  }

  #scalar(node: YamlScalar, origin: Origin): Tree | undefined {
    const { value } = node;
    if (typeof value === "number" || typeof value === "boolean") return scalar(value, origin);
    if (typeof value !== "string") return undefined;
    const { text, hasVariables, problems } = expand(value, this.#variables);
    for (const problem of problems) this.#report(origin, problem);
    return problems.length ? { kind: "broken", origin } : scalar(text, origin, hasVariables);
  }

  #origin(node: Node): Origin {
    return this.#originOf(node.range?.[0] ?? 0);
  }

  #report(origin: Origin, message: string): void {
    this.#problems.push({ origin, message });
  }
}

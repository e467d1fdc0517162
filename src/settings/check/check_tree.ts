/**
 * Holds a tree against the schema: keys that there are not, groups where values are wanted, texts from the environment
 * that become what their key wants. What is left is plain values for the library that knows ranges.
 */
import type { Origin } from "../document/origin.ts";
import type { Problem } from "../document/problem.ts";
import { type Entry, type Group, plainValue, type Scalar, type Tree } from "../document/tree.ts";
import { isSecretAt, type Schema, type View, view } from "../schema/view.ts";
import { effectNotice, type Notice } from "./notice.ts";
import { keyName } from "./key_name.ts";
import { splitList, splitNamed, toBoolean, toNumber } from "./loose_text.ts";
import { isSpelledGroup, unknownKey } from "./unknown_key.ts";

export interface CheckedTree {
  values: Record<string, unknown>;
  problems: Problem[];
  notices: Notice[];
}

export function checkTree(root: Schema, tree: Group): CheckedTree {
  const checker = new TreeChecker(root);
  return { values: checker.group(view(root), tree, [], false), problems: checker.problems, notices: checker.notices };
}

/** What takes the place of a value that is wrong: nothing more is said about it. */
const BROKEN = undefined;

/** A value, where its key or it itself stands, and what it is called. */
interface Spot {
  tree: Tree;
  origin: Origin;
  path: readonly string[];
  name: string;
  /** A group around it has a notice already. */
  isNoticed: boolean;
}

class TreeChecker {
  readonly problems: Problem[] = [];
  readonly notices: Notice[] = [];
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  group(at: View, tree: Group, path: readonly string[], isNoticed: boolean): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [key, entry] of tree.entries) {
      const here = [...path, key];
      const schema = Object.hasOwn(at.entries, key) ? at.entries[key] : undefined;
      if (!schema) {
        this.#unknown(entry, here);
        continue;
      }
      const inner = view(schema);
      const isGroupNoticed = isNoticed || inner.facts.notice !== undefined;
      const value = this.#value(inner, spotOf(entry, here, isGroupNoticed));
      if (value === BROKEN) continue;
      values[key] = value;
      if (!isNoticed) this.#notice(inner, entry, value, here);
    }
    return values;
  }

  /** Groups of other spellings hold what is not known of them. */
  #unknown({ origin, value }: Entry, path: readonly string[]): void {
    if (value.kind !== "group" || !isSpelledGroup(path)) {
      // a secret whose key has a slip in it is a key that there is not
      const isSecret = isSecretAt(this.#root, path.slice(0, -1));
      this.problems.push({ origin, message: unknownKey(this.#root, path), isSecret });
      return;
    }
    for (const [key, entry] of value.entries) this.#unknown(entry, [...path, key]);
  }

  #notice({ facts }: View, entry: Entry, value: unknown, path: readonly string[]): void {
    if (facts.notice === undefined) return;
    if (facts.fixed !== undefined && facts.fixed === value) return;
    this.notices.push(effectNotice(entry, path, facts));
  }

  #value(at: View, spot: Spot): unknown {
    const { tree, name } = spot;
    if (tree.kind === "broken") return BROKEN;
    switch (at.type) {
      case "strict_object":
        if (tree.kind === "group") return this.group(at, tree, spot.path, spot.isNoticed);
        return this.#report(spot, `${name}: a group of keys is wanted`);
      case "array":
        return this.#list(at, spot);
      case "record":
        return this.#named(at, spot);
      case "unknown":
        return plainValue(tree);
      default:
        if (tree.kind === "scalar") return word(at, tree);
        return this.#report(spot, `${name}: a single value is wanted, not ${nameOf(tree)}`);
    }
  }

  #list(at: View, spot: Spot): unknown {
    const { tree, path, name, isNoticed } = spot;
    const list = tree.kind === "scalar" && tree.isLoose ? splitList(tree) : tree;
    if (list?.kind !== "list") return this.#report(spot, `${name}: a list is wanted${asList(tree)}`);
    const item = view(at.item!);
    const values = list.items.map((inner, i) => {
      const here = [...path.slice(0, -1), `${path.at(-1)}[${i}]`];
      return this.#value(item, { tree: inner, origin: inner.origin, path: here, name: here.join("."), isNoticed });
    });
    return values.includes(BROKEN) ? BROKEN : values;
  }

  #named(at: View, spot: Spot): unknown {
    const { tree, path, name } = spot;
    const named = tree.kind === "scalar" && tree.isLoose ? splitNamed(tree) : tree;
    if (named?.kind !== "group") return this.#report(spot, `${name}: names with texts are wanted`);
    const item = view(at.item!);
    const values = [...named.entries].map(([key, entry]) =>
      [key, this.#value(item, spotOf(entry, [...path, key], true))] as const
    );
    return values.some(([, value]) => value === BROKEN) ? BROKEN : Object.fromEntries(values);
  }

  #report({ origin, path }: Pick<Spot, "origin" | "path">, message: string): typeof BROKEN {
    this.problems.push({ origin, message, isSecret: isSecretAt(this.#root, path) });
    return BROKEN;
  }
}

function spotOf(entry: Entry, path: readonly string[], isNoticed: boolean): Spot {
  return { tree: entry.value, origin: entry.origin, path, name: keyName(entry, path), isNoticed };
}

/** A single value, in the kind that its key wants where the text does not say. */
function word({ type, words }: View, { value, isLoose }: Scalar): unknown {
  if (type === "picklist" && typeof value === "string") {
    return words.find((known) => known.toLowerCase() === value.toLowerCase()) ?? value;
  }
  if (!isLoose || typeof value !== "string") return value;
  if (type === "number") return toNumber(value) ?? value;
  if (type === "boolean") return toBoolean(value) ?? value;
  return value;
}

function nameOf(tree: Tree): string {
  return tree.kind === "list" ? "a list" : "a group of keys";
}

function asList(tree: Tree): string {
  return tree.kind === "scalar" && !tree.isLoose ? `: write [${JSON.stringify(tree.value)}]` : "";
}

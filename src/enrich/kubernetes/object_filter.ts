/** Which objects are known at all: the whitelist that the configuration's selectors make. */
import { UsageError } from "../../errors.ts";
import { type Kind, type KindName, kindOf, KINDS } from "./kinds.ts";
import { type Labels, LabelSelector } from "./label_selector.ts";
import { KINDS_DEFAULT, type ObjectSelector } from "./options.ts";

interface Rule {
  namespaces: readonly string[];
  labels: LabelSelector;
}

/** What the API server is asked for, so that what is not wanted is not sent. */
export interface WatchScope {
  namespace?: string;
  labelSelector?: string;
}

export class ObjectFilter {
  /** Kinds that are watched, each with its rules: an object must meet one of them; no rule: all objects. */
  readonly #rules = new Map<KindName, readonly Rule[]>();

  /** Throws {@linkcode UsageError} for a kind or operator that there is not. */
  constructor(selectors: readonly ObjectSelector[]) {
    for (const name of KINDS_DEFAULT) this.#rules.set(name, []);
    const byKind = Map.groupBy(selectors, ({ kind }) => knownKind(kind).name);
    for (const [name, ofKind] of byKind) {
      const included = ofKind.filter(({ include }) => include !== false);
      if (included.length) this.#rules.set(name, included.some(isEverything) ? [] : included.map(ruleOf));
      else this.#rules.delete(name);
    }
    // without namespaces no namespaceSelector can be told
    if (!this.#rules.has("Namespace")) this.#rules.set("Namespace", []);
  }

  /** In the order to ask for them. */
  kinds(): Kind[] {
    return KINDS.filter(({ name }) => this.#rules.has(name));
  }

  watches(name: KindName): boolean {
    return this.#rules.has(name);
  }

  /** Whether all objects of a kind are known. */
  takesAll(name: KindName): boolean {
    return this.#rules.get(name)?.length === 0;
  }

  accepts(name: KindName, namespace: string, labels: Labels): boolean {
    const rules = this.#rules.get(name);
    if (!rules?.length) return rules !== undefined;
    return rules.some((rule) =>
      (!rule.namespaces.length || rule.namespaces.includes(namespace)) && rule.labels.matches(labels)
    );
  }

  /** Whether an object's labels decide if it is known. */
  needsLabels(name: KindName): boolean {
    return this.#rules.get(name)?.some(({ labels }) => !labels.isEmpty) ?? false;
  }

  /** The narrowest that one request can ask for. */
  scopeOf({ name, namespaced }: Kind): WatchScope {
    const rules = this.#rules.get(name) ?? [];
    const [first] = rules;
    if (!first) return {};
    const namespaces = new Set(rules.flatMap(({ namespaces }) => namespaces.length ? namespaces : [""]));
    const [namespace] = namespaces;
    return {
      ...(namespaced && namespaces.size === 1 && namespace ? { namespace } : {}),
      ...(rules.length === 1 && !first.labels.isEmpty ? { labelSelector: first.labels.toString() } : {}),
    };
  }
}

function knownKind(word: string): Kind {
  const kind = kindOf(word);
  if (kind) return kind;
  throw new UsageError(`Cannot watch kind "${word}": one of ${KINDS.map(({ name }) => name).join(", ")} is wanted`);
}

function isEverything({ namespaces, matchLabels, matchExpressions }: ObjectSelector): boolean {
  return !namespaces?.length && !Object.keys(matchLabels ?? {}).length && !matchExpressions?.length;
}

function ruleOf({ namespaces = [], matchLabels, matchExpressions }: ObjectSelector): Rule {
  return { namespaces, labels: new LabelSelector(matchLabels, matchExpressions) };
}

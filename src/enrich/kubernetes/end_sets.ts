/** Attribute sets of what was found at flows' ends: made once, kept while they are used. */
import type { AttributeSet, AttributeSets } from "../../attribute_sets.ts";
import type { EndAttributes } from "./end_attributes.ts";
import type { FoundEnd } from "./end_resolver.ts";
import type { Container, KubernetesObject } from "./objects.ts";
import type { Store } from "./store.ts";

interface Entry {
  readonly container: Container | undefined;
  readonly service: KubernetesObject | undefined;
  readonly slice: KubernetesObject | undefined;
  readonly node: KubernetesObject | undefined;
  readonly ingress: KubernetesObject | undefined;
  readonly gateway: KubernetesObject | undefined;
  /** undefined: nothing is to be extracted. */
  set: AttributeSet | undefined;
  /** Of the store, when the set was made. */
  generation: number;
  usedInRound: number;
}

/** Rounds of {@linkcode EndSets.forgetUnused} that a set outlives unused. */
const ROUNDS_UNUSED = 2;

export class EndSets {
  readonly #attributes: EndAttributes;
  readonly #sets: AttributeSets;
  readonly #store: Store;
  /** By what the end is first of all; usually one or two each. */
  readonly #entries = new Map<KubernetesObject, Entry[]>();
  #round = 0;

  constructor(attributes: EndAttributes, sets: AttributeSets, store: Store) {
    this.#attributes = attributes;
    this.#sets = sets;
    this.#store = store;
  }

  get size(): number {
    let size = 0;
    for (const entries of this.#entries.values()) size += entries.length;
    return size;
  }

  setOf(found: FoundEnd): AttributeSet | undefined {
    const { primary } = found;
    if (!primary) return undefined;
    const entry = this.#find(primary, found) ?? this.#make(primary, found);
    if (entry.generation !== this.#store.generation) this.#remake(entry, found);
    entry.usedInRound = this.#round;
    return entry.set;
  }

  #find(primary: KubernetesObject, found: FoundEnd): Entry | undefined {
    const entries = this.#entries.get(primary);
    if (!entries) return undefined;
    for (const entry of entries) {
      if (
        entry.container === found.container && entry.service === found.service && entry.slice === found.slice &&
        entry.node === found.node && entry.ingress === found.ingress && entry.gateway === found.gateway
      ) return entry;
    }
    return undefined;
  }

  #make(primary: KubernetesObject, found: FoundEnd): Entry {
    const { container, service, slice, node, ingress, gateway } = found;
    const entry = { container, service, slice, node, ingress, gateway, set: undefined, generation: 0, usedInRound: 0 };
    const entries = this.#entries.get(primary);
    if (entries) entries.push(entry);
    else this.#entries.set(primary, [entry]);
    return entry;
  }

  #remake(entry: Entry, found: FoundEnd): void {
    const attributes = this.#attributes.of(found);
    const old = entry.set;
    entry.set = Object.keys(attributes).length ? this.#sets.own(attributes) : undefined;
    entry.generation = this.#store.generation;
    if (old) this.#sets.release(old);
  }

  /** Gives back the sets that were not used since some rounds ago. */
  forgetUnused(): void {
    this.#round++;
    for (const [primary, entries] of this.#entries) {
      const kept = entries.filter((entry) => {
        const isUsed = this.#round - entry.usedInRound <= ROUNDS_UNUSED;
        if (!isUsed && entry.set) this.#sets.release(entry.set);
        return isUsed;
      });
      if (!kept.length) this.#entries.delete(primary);
      else if (kept.length < entries.length) this.#entries.set(primary, kept);
    }
  }
}

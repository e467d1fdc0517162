/**
 * Attributes that many spans have in common, as those of the pod at one end of a flow: kept once, encoded once, and
 * referred to by number from the compact records that wait to be exported.
 */

export type AttributeValue = string | number | boolean | string[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface AttributeSet {
  /** From 1 on, and never used again. */
  readonly id: number;
  readonly attributes: Attributes;
}

/** What is known of a flow beyond its record. Names of source and destination are without "source." and "destination.". */
export interface FlowNames {
  readonly source: AttributeSet | undefined;
  readonly destination: AttributeSet | undefined;
  /** Of neither end alone. */
  readonly flow: AttributeSet | undefined;
}

/** No set. */
export const NO_SET = 0;

interface Kept {
  set: AttributeSet;
  key: string;
  owners: number;
}

export class AttributeSets {
  readonly #byKey = new Map<string, Kept>();
  readonly #byId = new Map<number, Kept>();
  #lastId = NO_SET;
  /** Sets that nobody owns: records may still refer to them. */
  #orphans = 0;

  /** The set with these attributes, in this order, owned by the caller until release(). */
  own(attributes: Attributes): AttributeSet {
    const key = JSON.stringify(attributes);
    let kept = this.#byKey.get(key);
    if (!kept) {
      kept = { set: { id: ++this.#lastId, attributes }, key, owners: 0 };
      this.#byKey.set(key, kept);
      this.#byId.set(kept.set.id, kept);
    } else if (kept.owners === 0) {
      this.#orphans--;
    }
    kept.owners++;
    return kept.set;
  }

  /** The caller has no more use for it. It stays while records refer to it. */
  release({ id }: AttributeSet): void {
    const kept = this.#byId.get(id);
    if (kept && kept.owners > 0 && --kept.owners === 0) this.#orphans++;
  }

  /** The set with a number; undefined for NO_SET. */
  byId(id: number): AttributeSet | undefined {
    return this.#byId.get(id)?.set;
  }

  get size(): number {
    return this.#byId.size;
  }

  get orphans(): number {
    return this.#orphans;
  }

  /** Forgets the sets that nobody owns and no record refers to. used: marks each number that a record has. */
  collect(used: (mark: (id: number) => void) => void): void {
    const marked = new Set<number>();
    used((id) => marked.add(id));
    for (const [id, { key, owners }] of this.#byId) {
      if (owners > 0 || marked.has(id)) continue;
      this.#byId.delete(id);
      this.#byKey.delete(key);
      this.#orphans--;
    }
  }
}

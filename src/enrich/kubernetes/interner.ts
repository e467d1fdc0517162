/**
 * Equal values kept once: labels that all replicas share, names of nodes and namespaces. What was not asked for in a
 * while is forgotten, which costs a copy and nothing else: nobody may rely on equal values being one.
 */
export class Interner<Value> {
  readonly #sizeMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** sizeMax: values remembered, at most twice as many. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** The value under this key; make() is asked when there is none yet. */
  get(key: string, make: () => Value): Value {
    let value = this.#young.get(key);
    if (value !== undefined) return value;
    value = this.#old.get(key) ?? make();
    if (this.#young.size >= this.#sizeMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }
}

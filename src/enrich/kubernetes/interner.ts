/**
 * Equal values kept once: labels that all replicas share, names of nodes and namespaces. What was not asked for in a
 * while is forgotten, which costs a copy and nothing else: nobody may rely on equal values being one.
 */
import { AgingMap } from "./aging_map.ts";

export class Interner<Value> {
  readonly #values: AgingMap<Value>;

  /** sizeMax: values remembered, at most twice as many. */
  constructor(sizeMax: number) {
    this.#values = new AgingMap(sizeMax);
  }

  /** The value under this key; make() is asked when there is none yet. */
  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = make();
    this.#values.set(key, value);
    return value;
  }
}

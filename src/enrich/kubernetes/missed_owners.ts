/**
 * Owners that were looked for and are not known, by uid: when one comes, what it owns is called otherwise. What was not
 * looked for in a while is forgotten: most never come, as jobs that are deleted before their pods.
 */
export class MissedOwners {
  readonly #sizeMax: number;
  #young = new Set<string>();
  #old = new Set<string>();

  /** sizeMax: uids remembered, at most twice as many. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  add(uid: string): void {
    if (this.#young.has(uid)) return;
    if (this.#young.size >= this.#sizeMax) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(uid);
  }

  /** Whether it was there. */
  delete(uid: string): boolean {
    const wasYoung = this.#young.delete(uid);
    return this.#old.delete(uid) || wasYoung;
  }
}

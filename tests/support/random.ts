/** Randomness that can be had again: seeded by WEIR_SEED, or by chance. */

/** Mulberry32: small, fast, and good enough to choose test cases. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return this.u32() % end;
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

/**
 * A test that draws its cases. The seed is part of its name, and so always in sight: what a test prints is hidden when
 * tests run quietly.
 */
export function randomTest(name: string, test: (random: Random) => void | Promise<void>): void {
  const given = Deno.env.get("WEIR_SEED");
  const seed = given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given) >>> 0;
  Deno.test(`${name} (WEIR_SEED=${seed})`, () => test(new Random(seed)));
}

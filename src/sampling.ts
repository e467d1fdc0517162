/**
 * Which flows are kept where not all are: those whose hash is below a threshold. The hash is of addresses, ports and
 * protocol alone, so both directions and every agent with the same seed keep the same flows.
 */

export interface SamplingSettings {
  /** The part of flows that is kept. */
  rate: number;
  /** Flows that failed are all kept: then it is decided on the flow's last state, as its record is handed out. */
  keep_failures: boolean;
  seed: number;
}

export interface Sampling {
  rate: number;
  keepFailures: boolean;
  /** Odd: of two address words, port, protocol, and of the mixing; enum sampling_multiplier of bpf/knobs.h. */
  multipliers: readonly bigint[];
  /** Of 2^32. */
  threshold: bigint;
}

export const SAMPLING_MULTIPLIERS = 5;
/** The threshold that keeps every flow. */
export const KEEP_ALL = 1n << 32n;

const WORD_BITS = 64;
const GOLDEN = 0x9e3779b97f4a7c15n;

/** undefined: every flow is kept. */
export function samplingOf({ rate, keep_failures, seed }: SamplingSettings): Sampling | undefined {
  if (rate >= 1) return undefined;
  return {
    rate,
    keepFailures: keep_failures,
    multipliers: Array.from({ length: SAMPLING_MULTIPLIERS }, (_, i) => splitmix(BigInt(seed), i) | 1n),
    threshold: BigInt(Math.round(rate * Number(KEEP_ALL))),
  };
}

/** SplitMix64's n-th number (Steele, Lea, Flood 2014). */
function splitmix(seed: bigint, n: number): bigint {
  const wrap = (value: bigint) => BigInt.asUintN(WORD_BITS, value);
  let mixed = wrap((seed << 32n) + GOLDEN * BigInt(n + 1));
  mixed = wrap((mixed ^ mixed >> 30n) * 0xbf58476d1ce4e5b9n);
  mixed = wrap((mixed ^ mixed >> 27n) * 0x94d049bb133111ebn);
  return mixed ^ mixed >> 31n;
}

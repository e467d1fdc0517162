/** What a tick of a pcapng interface's clock means: if_tsresol and if_tsoffset. */

/** 10^-6 seconds: what an interface without if_tsresol means. */
export const DEFAULT_RESOLUTION = 6;
const BINARY = 0x80;
const SECOND_NS = 1_000_000_000n;
const NS_DIGITS = 9;

export interface TimeUnit {
  /** Time since 1970, ns, of a count of ticks. Not bounded. */
  ns(ticks: bigint): bigint;
}

/** resolution: negative power of ten, or with the highest bit set, of two. offsetS: seconds to add. */
export function timeUnit(resolution: number, offsetS: bigint): TimeUnit {
  const offsetNs = offsetS * SECOND_NS;
  const power = resolution & ~BINARY;
  if (resolution & BINARY) {
    const shift = BigInt(power);
    return { ns: (ticks) => (ticks * SECOND_NS >> shift) + offsetNs };
  }
  if (power > NS_DIGITS) {
    const divisor = 10n ** BigInt(power - NS_DIGITS);
    return { ns: (ticks) => ticks / divisor + offsetNs };
  }
  const factor = 10n ** BigInt(NS_DIGITS - power);
  return { ns: (ticks) => ticks * factor + offsetNs };
}

/** The kernel program's constants, as bpf/knobs.h lays them out. */
import { assert } from "../errors.ts";
import { RING_WAKE_PARTS } from "../limits.ts";
import type { MemoryPlan } from "../memory_plan.ts";
import type { Sampling } from "../sampling.ts";
import type { KernelFilter } from "./kernel_filter.ts";

export const KNOBS_BYTES = 176;
const KEY_WORDS = 7;

export interface KnobOptions {
  /** A silence after which a flow gets a new generation, ms; 0: never. The shortest idle timeout of the table fits. */
  idleGapMs: number;
  /** UDP ports whose payload is a tunnel's, so that the headers inside count towards wire bytes under GSO. */
  vxlanPorts: readonly [number, number];
  genevePort: number;
  /** Odd numbers, one for each word of a key. Default: random and new at each load, so that nobody knows them. */
  hashMultipliers?: readonly bigint[];
  /** What the program keeps from being counted. Default: nothing. */
  filter?: KernelFilter | undefined;
  /** Decided here unless failures are to be kept, which are known only in the end. Default: every flow is kept. */
  sampling?: Sampling | undefined;
}

/** enum withhold, bpf/knobs.h */
export const Withhold = {
  INTERFACES: 1 << 0,
  PROTOCOLS: 1 << 1,
  VERSIONS: 1 << 2,
  ADDRESSES: 1 << 3,
  PORTS: 1 << 4,
  SAMPLED_OUT: 1 << 5,
} as const;

/**
 * For replays, which give the same records in the same order each time: bits of the square roots of the first primes.
 * Who aims a file at one slot only makes its replay slower.
 */
export const REPLAY_HASH_MULTIPLIERS: readonly bigint[] = [
  0x6a09e667f3bcc909n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
];

/** IANA's VXLAN port and the one that Linux took before there was one, and Geneve's. */
export const TUNNEL_PORTS = { vxlanPorts: [4789, 8472], genevePort: 6081 } as const;

/** Lays the knobs out. */
export function encodeKnobs(plan: MemoryPlan, options: KnobOptions): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(KNOBS_BYTES));
  const multipliers = options.hashMultipliers ?? crypto.getRandomValues(new BigUint64Array(KEY_WORDS));
  assert(multipliers.length === KEY_WORDS, "every word of a key has its multiplier");
  multipliers.forEach((value, i) => view.setBigUint64(i * 8, value | 1n, true));
  view.setBigUint64(56, BigInt(options.idleGapMs) * 1_000_000n, true);
  view.setUint32(64, plan.setsPerCpu, true);
  view.setUint32(68, 64 - Math.log2(plan.setsPerCpu), true);
  view.setUint32(72, plan.markShift, true);
  const wakeBytes = plan.ringBytes / RING_WAKE_PARTS;
  assert(Number.isInteger(Math.log2(wakeBytes)), "the wake-up mark is a power of two");
  view.setUint32(76, wakeBytes, true);
  view.setUint16(80, options.vxlanPorts[0], true);
  view.setUint16(82, options.vxlanPorts[1], true);
  view.setUint16(86, options.genevePort, true);
  encodeWithholding(view, options);
  return new Uint8Array(view.buffer);
}

function encodeWithholding(view: DataView, { filter, sampling: wanted }: KnobOptions): void {
  const sampling = wanted?.keepFailures ? undefined : wanted;
  filter?.protocols.forEach((word, i) => view.setBigUint64(88 + i * 8, word, true));
  sampling?.multipliers.forEach((value, i) => view.setBigUint64(120 + i * 8, value, true));
  view.setBigUint64(160, sampling?.threshold ?? 0n, true);
  view.setUint32(168, (filter?.withhold ?? 0) | (sampling ? Withhold.SAMPLED_OUT : 0), true);
  view.setUint8(172, filter?.versions ?? 0);
  view.setUint8(173, filter?.icmpEnds ?? 0);
}

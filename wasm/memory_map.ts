// Where everything lies in the shared memory. src/memory_plan.ts decides the sizes, src/count/table.ts writes the
// settings block below at SETTINGS and calls configure(); this file only reads it. tests/layout_test.ts compares.

/** The control page: words shared with the main thread, then settings, clocks, books. */
export const CONTROL: usize = 0x10000;

/** Control words (u32), by Atomics on the other side. */
export const CONTROL_OUT_PRODUCED: usize = CONTROL + 0x00;
export const CONTROL_OUT_CONSUMED: usize = CONTROL + 0x40; // a line of its own: the other thread writes it
export const CONTROL_BROKEN: usize = CONTROL + 0x80; // an Invariant, when one did not hold
export const CONTROL_DEVICES: usize = CONTROL + 0x84; // address of the device table in force
export const CONTROL_FENCE: usize = CONTROL + 0xc0; // nobody else's line

export const SETTINGS: usize = CONTROL + 0x100;

/** What the host decides, once. Bases and sizes in bytes unless named otherwise. */
@unmanaged
export class Settings {
  slots: u32;
  slotCount: u32;
  marks: u32; // the first CPU's; each further CPU's markStride on
  markStride: u32;
  cpuCount: u32;
  setsPerCpu: u32;
  markShift: u32;
  ringConsumer: u32;
  ringProducer: u32;
  ringData: u32;
  ringBytes: u32; // a power of two
  shadows: u32;
  out: u32;
  outRecords: u32; // a power of two
  snapshot: u32;
  index: u32;
  indexBucketsMax: u32;
  indexOverflow: u32;
  indexOverflowMax: u32;
  pool: u32;
  flowsMax: u32;
  aggregatesMax: u32;
  anchors: u32; // ANCHORS_MAX i64
  interfaces: u32; // INTERFACES_MAX × INTERFACE_BOOKS_BYTES
  communityIdSeed: u32;
  genericTimeoutMs: u32;
  icmpTimeoutMs: u32;
  tcpTimeoutMs: u32;
  tcpFinTimeoutMs: u32;
  tcpRstTimeoutMs: u32;
  udpTimeoutMs: u32;
  maxRecordIntervalMs: u32;
  traceIdTimeoutS: u32;
  hash0: u64; // odd and random
  hash1: u64;
  hash2: u64;
  domain0: u64; // SHA-1 of the trace domain, first 16 bytes
  domain1: u64;
  node0: u64; // SHA-1 of the node's name, first 16 bytes
  node1: u64;
  samplingAddress0: u64; // odd; the same wherever the same flows are kept
  samplingAddress1: u64;
  samplingPort: u64;
  samplingProtocol: u64;
  samplingMix: u64;
}

/** Clocks, written by the host before each round. */
export const CLOCKS: usize = CONTROL + 0x300;

@unmanaged
export class Clocks {
  nowNs: u64; // CLOCK_MONOTONIC; in a replay the recording's time
  wallOffsetNs: u64; // wall − monotonic, newest
  anchor: u32; // place of the newest anchor in the anchors region
}

export const BOOKS: usize = CONTROL + 0x400;
export const AUDIT: usize = CONTROL + 0x800;
export const STATS: usize = CONTROL + 0xa00;
export const CENSUS: usize = CONTROL + 0xb00;

export const ANCHORS_MAX: u32 = 1 << 16;
export const INTERFACES_MAX: u32 = 1 << 16;

@inline export function settings(): Settings {
  return changetype<Settings>(SETTINGS);
}

@inline export function clocks(): Clocks {
  return changetype<Clocks>(CLOCKS);
}

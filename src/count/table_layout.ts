/**
 * Where the table's control page holds what: wasm/memory_map.ts and wasm/books.ts in TypeScript. tests/layout_test.ts
 * compares.
 */
import { CONTROL } from "../memory_plan.ts";

/** Control words, u32. */
export const OUT_PRODUCED = CONTROL + 0x00;
export const OUT_CONSUMED = CONTROL + 0x40;
export const BROKEN = CONTROL + 0x80;
export const DEVICES = CONTROL + 0x84;

export const SETTINGS = CONTROL + 0x100;
export const CLOCKS = CONTROL + 0x300;
export const BOOKS = CONTROL + 0x400;
export const AUDIT = CONTROL + 0x800;
export const STATS = CONTROL + 0xa00;
/** u32 for each of FLOW_CLASSES, and in it for each of FLOW_DIRECTIONS. */
export const CENSUS = CONTROL + 0xb00;

/** Settings, u32 in order from SETTINGS on. */
export const SETTINGS_WORDS = [
  "slots",
  "slotCount",
  "marks",
  "markStride",
  "cpuCount",
  "setsPerCpu",
  "markShift",
  "ringConsumer",
  "ringProducer",
  "ringData",
  "ringBytes",
  "shadows",
  "out",
  "outRecords",
  "snapshot",
  "index",
  "indexBucketsMax",
  "indexOverflow",
  "indexOverflowMax",
  "pool",
  "flowsMax",
  "aggregatesMax",
  "anchors",
  "interfaces",
  "communityIdSeed",
  "genericTimeoutMs",
  "icmpTimeoutMs",
  "tcpTimeoutMs",
  "tcpFinTimeoutMs",
  "tcpRstTimeoutMs",
  "udpTimeoutMs",
  "maxRecordIntervalMs",
  "traceIdTimeoutS",
] as const;

/** Settings, u64 behind the words. */
export const SETTINGS_LONGS = [
  "hash0",
  "hash1",
  "hash2",
  "domain0",
  "domain1",
  "node0",
  "node1",
  "samplingAddress0",
  "samplingAddress1",
  "samplingPort",
  "samplingProtocol",
  "samplingMix",
] as const;
export const SETTINGS_LONGS_AT = SETTINGS + Math.ceil((SETTINGS_WORDS.length * 4) / 8) * 8;

/** Clocks: u64, u64, u32. */
export const NOW_NS = CLOCKS;
export const WALL_OFFSET_NS = CLOCKS + 8;
export const ANCHOR = CLOCKS + 16;

/** The four measures of a term, u64 each. */
export const MEASURES_BYTES = 32;
export const HOOK_TERMS = ["taken", "counted", "duplicate", "assumed_duplicate"] as const;
export const TABLE_TERMS = ["handed_out"] as const;
export const TABLE_TERMS_AT = BOOKS + 2 * HOOK_TERMS.length * MEASURES_BYTES;
export const AUDIT_TERMS = ["in_slots", "in_ring", "held", "overflow_held"] as const;

/** Gauges and counters, u64 in order from STATS on. */
export const STAT_NAMES = [
  "flows",
  "aggregates",
  "flowsCreated",
  "records",
  "outFull",
  "overflowed",
  "ringRecords",
  "poolHigh",
  "indexBuckets",
  "indexOverflows",
  "slotsCounted",
] as const;

/** Wasm invariants by number (wasm/books.ts, Invariant). */
export const INVARIANTS: Record<number, string> = {
  1: "a slot's counter is less than what was counted of it",
  2: "the ring holds another generation of a slot than the next one",
  3: "a record in the ring has another size than a slot",
  4: "a record in the ring names a slot that does not exist",
  5: "a flow in the pool is missing from the index",
  6: "there was no room for an aggregate of last resort",
};

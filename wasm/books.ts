// The table's terms of the books, each added where its event happens and nowhere else. src/count/table_books.ts reads
// them.

import { AUDIT, BOOKS, CONTROL_BROKEN, STATS } from "./memory_map";

/** The four measures. */
@unmanaged
export class Measures {
  frames: u64;
  packets: u64;
  bytes: u64;
  wireBytes: u64;
}

export const MEASURES_BYTES: usize = 32;

/** Terms kept per hook: Measures at BOOKS + (hook * HOOK_TERMS + term) * MEASURES_BYTES. */
export const TERM_TAKEN: usize = 0;
export const TERM_COUNTED: usize = 1;
export const TERM_DUPLICATE: usize = 2;
export const TERM_ASSUMED_DUPLICATE: usize = 3;
export const HOOK_TERMS: usize = 4;

/** Terms of the whole table, behind both hooks'. */
export const HANDED_OUT: usize = BOOKS + 2 * HOOK_TERMS * MEASURES_BYTES;

/** Terms that a walk finds, at AUDIT; see audit.ts. */
export const IN_SLOTS: usize = AUDIT;
export const IN_RING: usize = IN_SLOTS + MEASURES_BYTES;
export const HELD: usize = IN_RING + MEASURES_BYTES;
export const OVERFLOW_HELD: usize = HELD + MEASURES_BYTES;

/** Gauges and counters for people, u64 each at STATS. */
export const STAT_FLOWS: usize = STATS;
export const STAT_AGGREGATES: usize = STATS + 8;
export const STAT_FLOWS_CREATED: usize = STATS + 16;
export const STAT_RECORDS: usize = STATS + 24;
export const STAT_OUT_FULL: usize = STATS + 32;
export const STAT_OVERFLOWED: usize = STATS + 40; // sightings that went to an aggregate
export const STAT_RING_RECORDS: usize = STATS + 48;
export const STAT_POOL_HIGH: usize = STATS + 56;
export const STAT_INDEX_BUCKETS: usize = STATS + 64;
export const STAT_INDEX_OVERFLOWS: usize = STATS + 72;
export const STAT_SLOTS_COUNTED: usize = STATS + 80;

/** Per interface, ingress before egress: what was taken from its slots. */
export const INTERFACE_BOOKS_BYTES: usize = 2 * MEASURES_BYTES;

/** A rule of the design that turned out false. The agent stops: numbers behind it could not be trusted. */
export enum Invariant {
  COUNTER_FELL = 1, // a slot's counter is less than what was counted of it
  GENERATION_ORDER = 2, // the ring holds another generation of a slot than the next one
  RING_RECORD_SIZE = 3,
  SLOT_INDEX = 4,
  INDEX_LOST = 5, // an entry in the pool that the index does not know
  OVERFLOW_FULL = 6, // no room for an aggregate of last resort
}

export function broken(invariant: Invariant): void {
  store<u32>(CONTROL_BROKEN, invariant);
  unreachable();
}

@inline export function add64(at: usize, value: u64): void {
  store<u64>(at, load<u64>(at) + value);
}

/** Adds frames and packets, bytes and wire bytes, to the Measures at this place. */
@inline export function addMeasures(at: usize, framesPackets: v128, bytesWireBytes: v128): void {
  v128.store(at, i64x2.add(v128.load(at), framesPackets));
  v128.store(at, i64x2.add(v128.load(at, 16), bytesWireBytes), 16);
}

@inline export function hookTerm(hook: usize, term: usize): usize {
  return BOOKS + (hook * HOOK_TERMS + term) * MEASURES_BYTES;
}

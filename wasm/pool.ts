// Where entries live: segments of 4 MiB that come into use one by one. Released entries are linked into a list and used
// again first, newest first, because the cache still knows them.

import { Entry, ENTRY_BYTES, LIVE } from "./entry";
import { STAT_POOL_HIGH } from "./books";
import { settings } from "./memory_map";

/**
 * The one seam for a segment's memory: the host answers 1 when segment `number` may be written, 0 when there is none.
 */
// @ts-ignore: decorator
@external("host", "segmentReady")
declare function segmentReady(number: u32): u32;

const SEGMENT_SHIFT: u32 = 14; // 16,384 entries of 256 bytes

let freeHead: u32 = 0; // id + 1
let highWater: u32 = 0; // ids below were in use at some time
let capacity: u32 = 0;
let ready: u32 = 0; // ids below have memory

export function configurePool(): void {
  freeHead = 0;
  highWater = 0;
  ready = 0;
  capacity = settings().flowsMax + settings().aggregatesMax + AGGREGATES_OF_LAST_RESORT;
}

/** One for each protocol number and IP version; see overflow.ts. */
export const AGGREGATES_OF_LAST_RESORT: u32 = 512;

@inline export function entryAt(id: u32): Entry {
  return changetype<Entry>(<usize>settings().pool + <usize>id * ENTRY_BYTES);
}

@inline export function highWaterMark(): u32 {
  return highWater;
}

/** The id of a zeroed entry, or −1 when there is no room. */
export function allocate(): i32 {
  let id: u32;
  if (freeHead) {
    id = freeHead - 1;
    freeHead = entryAt(id).ports;
  } else {
    if (highWater == capacity) return -1;
    if (highWater == ready) {
      if (!segmentReady(highWater >> SEGMENT_SHIFT)) return -1;
      ready += 1 << SEGMENT_SHIFT;
    }
    id = highWater++;
    store<u64>(STAT_POOL_HIGH, highWater);
  }
  // in line: memory.fill() is a call out of WebAssembly
  const at = changetype<usize>(entryAt(id));
  for (let i: usize = 0; i < ENTRY_BYTES; i += 16) v128.store(at + i, i64x2.splat(0));
  return id;
}

export function release(id: u32): void {
  const entry = entryAt(id);
  entry.state &= ~LIVE;
  entry.ports = freeHead;
  freeHead = id + 1;
}

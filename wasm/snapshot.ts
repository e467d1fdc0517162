// A look at the flows that go on, for people who ask: page after page, changing nothing.

import { LIVE } from "./entry";
import { settings } from "./memory_map";
import { describe } from "./out";
import { entryAt, highWaterMark } from "./pool";
import { RECORD_BYTES } from "./record";

/** Where the next page begins. */
let next: u32 = 0;

/** Writes records of the entries from id `from` on into the snapshot region, `most` at most. Returns how many. */
export function snapshot(from: u32, most: u32): u32 {
  let written: u32 = 0;
  let id = from;
  for (; id < highWaterMark() && written < most; id++) {
    const entry = entryAt(id);
    if (!(entry.state & LIVE)) continue;
    describe(entry, <usize>settings().snapshot + <usize>written * RECORD_BYTES);
    written++;
  }
  next = id < highWaterMark() ? id : 0;
  return written;
}

/** The id to go on from; 0 when the last page reached the end. */
export function snapshotNext(): u32 {
  return next;
}

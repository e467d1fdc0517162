// The kernel's ring: evicted slots, whole and final, in the order of their eviction (ringbuf.c of Linux).

import { add64, broken, Invariant, STAT_RING_RECORDS } from "./books";
import { addToBatch, BATCH, batchSize, clearBatch, prepareBatch, shadowOf, sightingAt, slotOf } from "./batch";
import { count } from "./count";
import { settings } from "./memory_map";
import { expectedGeneration, expectNext, shadowAt } from "./shadow";
import { Slot, SLOT_BYTES } from "./slot";

const BUSY: u32 = 0x80000000;
const DISCARD: u32 = 0x40000000;
const HEADER_BYTES: u32 = 8;
const RECORD_STEP: u64 = HEADER_BYTES + SLOT_BYTES; // a multiple of 8 already
const PUBLISH_MASK: u32 = 63; // the kernel learns of free room every 64 records: the line is shared with every CPU

/** Counts at most `most` evicted slots. Returns how many there were. */
export function drain(most: u32): u32 {
  const s = settings();
  const produced = atomic.load<u64>(s.ringProducer);
  let consumed = load<u64>(s.ringConsumer);
  let drained: u32 = 0;
  while (consumed != produced && drained < most) {
    const passed = gather(consumed, produced, min<u32>(BATCH, most - drained));
    if (!passed) break;
    countBatch();
    consumed += passed * RECORD_STEP;
    drained += passed;
    if ((drained & PUBLISH_MASK) == 0) atomic.store<u64>(s.ringConsumer, consumed);
  }
  atomic.store<u64>(s.ringConsumer, consumed);
  add64(STAT_RING_RECORDS, drained);
  return drained;
}

/** Takes records into the batch, as far as they are written. Returns how many were passed, discarded ones included. */
function gather(consumed: u64, produced: u64, most: u32): u32 {
  const s = settings();
  let passed: u32 = 0;
  for (let at = consumed; at != produced && passed < most; at += RECORD_STEP) {
    const header = <usize>s.ringData + <usize>(at & (s.ringBytes - 1));
    const length = atomic.load<u32>(header);
    if (length & BUSY) break;
    passed++;
    if (length & DISCARD) continue;
    if (length != SLOT_BYTES) broken(Invariant.RING_RECORD_SIZE);
    const slot = changetype<Slot>(header + HEADER_BYTES);
    if (slot.index >= s.slotCount) broken(Invariant.SLOT_INDEX);
    addToBatch(header + HEADER_BYTES, shadowAt(slot.index));
  }
  return passed;
}

/** In the ring's order: two generations of one slot may stand in the batch. */
function countBatch(): void {
  prepareBatch();
  for (let i: u32 = 0; i < batchSize(); i++) {
    const shadow = shadowOf(i);
    if (changetype<Slot>(slotOf(i)).generation != expectedGeneration(shadow)) broken(Invariant.GENERATION_ORDER);
    count(sightingAt(i), true);
    expectNext(shadow);
  }
  clearBatch();
}

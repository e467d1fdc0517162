// The kernel's ring: evicted slots, whole and final, in the order of their eviction (ringbuf.c of Linux).

import { add64, broken, Invariant, STAT_RING_RECORDS } from "./books";
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
    const header = <usize>s.ringData + <usize>(consumed & (s.ringBytes - 1));
    const length = atomic.load<u32>(header);
    if (length & BUSY) break;
    if (!(length & DISCARD)) {
      if (length != SLOT_BYTES) broken(Invariant.RING_RECORD_SIZE);
      countEvicted(changetype<Slot>(header + HEADER_BYTES));
    }
    consumed += RECORD_STEP;
    drained++;
    if ((drained & PUBLISH_MASK) == 0) atomic.store<u64>(s.ringConsumer, consumed);
  }
  atomic.store<u64>(s.ringConsumer, consumed);
  add64(STAT_RING_RECORDS, drained);
  return drained;
}

function countEvicted(slot: Slot): void {
  if (slot.index >= settings().slotCount) broken(Invariant.SLOT_INDEX);
  const shadow = shadowAt(slot.index);
  if (slot.generation != expectedGeneration(shadow)) broken(Invariant.GENERATION_ORDER);
  count(slot, shadow);
  expectNext(shadow);
}

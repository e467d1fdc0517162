// The terms that are no event's sum: what lies in the slots, in the ring and in the flows just now. Each is found by
// looking there, so that the books can be wrong.

import { addMeasures, HELD, IN_RING, IN_SLOTS, MEASURES_BYTES, OVERFLOW_HELD } from "./books";
import * as e from "./entry";
import { Entry } from "./entry";
import { settings } from "./memory_map";
import { pending0, pending1 } from "./out";
import { entryAt, highWaterMark } from "./pool";
import { expectedGeneration, Shadow, shadowAt } from "./shadow";
import { Slot, SLOT_BYTES } from "./slot";
import { KIND_AGGREGATE } from "./tuple";

const BUSY: u32 = 0x80000000;
const DISCARD: u32 = 0x40000000;

/** Fills the AUDIT terms. Exact when the kernel does not write meanwhile. */
export function audit(): void {
  memory.fill(IN_SLOTS, 0, OVERFLOW_HELD + MEASURES_BYTES - IN_SLOTS);
  lookIntoSlots();
  lookIntoRing();
  for (let id: u32 = 0; id < highWaterMark(); id++) {
    const entry = entryAt(id);
    if (entry.state & e.LIVE) lookIntoEntry(entry);
  }
}

function lookIntoSlots(): void {
  let at = <usize>settings().slots;
  for (let index: u32 = 0; index < settings().slotCount; index++, at += SLOT_BYTES) {
    const generation = atomic.load<u32>(at);
    if (!generation || generation & 1) continue;
    addUncounted(IN_SLOTS, changetype<Slot>(at), shadowAt(index));
  }
}

function lookIntoRing(): void {
  const s = settings();
  const produced = atomic.load<u64>(s.ringProducer);
  for (let at = load<u64>(s.ringConsumer); at != produced; at += 8 + SLOT_BYTES) {
    const header = <usize>s.ringData + <usize>(at & (s.ringBytes - 1));
    const length = atomic.load<u32>(header);
    if (length & BUSY) return;
    if (length & DISCARD) continue;
    const slot = changetype<Slot>(header + 8);
    addUncounted(IN_RING, slot, shadowAt(slot.index));
  }
}

/** What of this generation is not counted: all of it, but for the one that the shadow follows. */
function addUncounted(term: usize, slot: Slot, shadow: Shadow): void {
  const at = changetype<usize>(slot);
  const counted = changetype<usize>(shadow);
  let measures0 = v128.load(at, offsetof<Slot>("frames"));
  let measures1 = v128.load(at, offsetof<Slot>("bytes"));
  if (slot.generation == expectedGeneration(shadow)) {
    measures0 = i64x2.sub(measures0, v128.load(counted));
    measures1 = i64x2.sub(measures1, v128.load(counted, 16));
  }
  addMeasures(term, measures0, measures1);
}

function lookIntoEntry(entry: Entry): void {
  const term = entry.kind & KIND_AGGREGATE ? OVERFLOW_HELD : HELD;
  for (let direction: u32 = 0; direction < 2; direction++) {
    if (e.isCounted(entry, direction)) addMeasures(term, pending0(entry, direction), pending1(entry, direction));
  }
}

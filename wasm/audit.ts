// The terms that are no event's sum: what lies in the slots, in the ring and in the flows just now. Each is found by
// looking there, so that the books can be wrong.

import { addMeasures, HELD, IN_RING, IN_SLOTS, MEASURES_BYTES, OVERFLOW_HELD } from "./books";
import * as e from "./entry";
import { Entry } from "./entry";
import { settings } from "./memory_map";
import { pendingBytes, pendingPackets } from "./out";
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
  if (slot.generation == expectedGeneration(shadow)) {
    addMeasures(
      term,
      slot.frames - shadow.frames,
      slot.packets - shadow.packets,
      slot.bytes - shadow.bytes,
      slot.wireBytes - shadow.wireBytes,
    );
  } else {
    addMeasures(term, slot.frames, slot.packets, slot.bytes, slot.wireBytes);
  }
}

function lookIntoEntry(entry: Entry): void {
  const term = entry.kind & KIND_AGGREGATE ? OVERFLOW_HELD : HELD;
  for (let direction: u32 = 0; direction < 2; direction++) {
    if (!e.isCounted(entry, direction)) continue;
    const at = e.address(entry) + (direction << 3);
    addMeasures(
      term,
      load<u64>(at, e.FRAMES),
      pendingPackets(entry, direction),
      pendingBytes(entry, direction),
      load<u64>(at, e.WIRE_BYTES),
    );
  }
}

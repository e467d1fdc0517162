// The kernel's slots, read while the kernel writes them. A slot counts when its generation is the expected one before
// and after its data was read; else its old generation waits in the ring, and the new one's turn is after that.

import { add64, STAT_SLOTS_COUNTED } from "./books";
import { addToBatch, BATCH, batchSize, clearBatch, prepareBatch, sightingAt } from "./batch";
import { count } from "./count";
import { fence } from "./fence";
import { settings } from "./memory_map";
import { expectedGeneration, Shadow, shadowAt } from "./shadow";
import { Slot, SLOT_BYTES } from "./slot";

const WAYS: u32 = 2;
const COPIES: usize = memory.data(6144, 64); // BATCH slots
const COPIED: usize = memory.data(128, 64); // and where each is copied from

/**
 * Counts what is new in every slot whose group was marked since the last scan; in all of them when `all`. Returns how
 * many slots had something new.
 */
export function scan(all: bool): u32 {
  const s = settings();
  const groups = max<u32>(1, s.setsPerCpu >> s.markShift);
  const setsPerGroup = min<u32>(1 << s.markShift, s.setsPerCpu);
  let counted: u32 = 0;
  for (let cpu: u32 = 0; cpu < s.cpuCount; cpu++) {
    const marks = <usize>s.marks + <usize>cpu * s.markStride;
    for (let group: u32 = 0; group < groups; group++) {
      if (!load<u8>(marks + group) && !all) continue;
      // cleared first: what is marked after this is seen now or in the next scan
      store<u8>(marks + group, 0);
      fence();
      const first = (cpu * s.setsPerCpu + group * setsPerGroup) * WAYS;
      counted += scanGroup(first, setsPerGroup * WAYS);
    }
  }
  add64(STAT_SLOTS_COUNTED, counted);
  return counted;
}

function scanGroup(first: u32, size: u32): u32 {
  let counted: u32 = 0;
  let copies: u32 = 0;
  let at = <usize>settings().slots + <usize>first * SLOT_BYTES;
  for (let index = first; index < first + size; index++, at += SLOT_BYTES) {
    const generation = atomic.load<u32>(at);
    if (!generation) continue;
    const shadow = shadowAt(index);
    if (generation != expectedGeneration(shadow) || !isNew(changetype<Slot>(at), shadow)) continue;
    copy(at, COPIES + <usize>copies * SLOT_BYTES, generation);
    store<u32>(COPIED + (<usize>copies << 2), index);
    if (++copies == BATCH) {
      counted += countCopies(copies);
      copies = 0;
    }
  }
  return counted + countCopies(copies);
}

/** The data as it is now, under the generation that was read before it. */
@inline function copy(from: usize, to: usize, generation: u32): void {
  for (let offset: usize = 0; offset < SLOT_BYTES; offset += 16) v128.store(to + offset, v128.load(from + offset));
  store<u32>(to, generation);
}

/** Counts those copies that their slots' generations still vouch for. Returns how many. */
function countCopies(copies: u32): u32 {
  if (!copies) return 0;
  fence();
  for (let i: u32 = 0; i < copies; i++) {
    const index = load<u32>(COPIED + (<usize>i << 2));
    const slot = COPIES + <usize>i * SLOT_BYTES;
    if (atomic.load<u32>(<usize>settings().slots + <usize>index * SLOT_BYTES) != load<u32>(slot)) continue;
    addToBatch(slot, shadowAt(index));
  }
  prepareBatch();
  const counted = batchSize();
  for (let i: u32 = 0; i < counted; i++) count(sightingAt(i), false);
  clearBatch();
  return counted;
}

@inline function isNew(slot: Slot, shadow: Shadow): bool {
  return ((slot.frames ^ shadow.frames) | (slot.packets ^ shadow.packets) | (slot.bytes ^ shadow.bytes) |
    (slot.wireBytes ^ shadow.wireBytes)) != 0;
}

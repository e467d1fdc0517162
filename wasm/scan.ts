// The kernel's slots, read while the kernel writes them. A slot counts when its generation is the expected one before
// and after its data was read; else its old generation waits in the ring, and the new one's turn is after that.

import { add64, STAT_SLOTS_COUNTED } from "./books";
import { count } from "./count";
import { fence } from "./fence";
import { settings } from "./memory_map";
import { expectedGeneration, Shadow, shadowAt } from "./shadow";
import { Slot, SLOT_BYTES } from "./slot";

const WAYS: u32 = 2;
const COPY: usize = memory.data(192, 16);

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
  let at = <usize>settings().slots + <usize>first * SLOT_BYTES;
  for (let index = first; index < first + size; index++, at += SLOT_BYTES) {
    const slot = changetype<Slot>(at);
    const generation = atomic.load<u32>(at);
    if (!generation) continue;
    const shadow = shadowAt(index);
    if (generation != expectedGeneration(shadow) || !isNew(slot, shadow)) continue;
    for (let offset: usize = 0; offset < SLOT_BYTES; offset += 8) {
      store<u64>(COPY + offset, load<u64>(at + offset));
    }
    fence();
    if (atomic.load<u32>(at) != generation) continue;
    count(changetype<Slot>(COPY), shadow);
    counted++;
  }
  return counted;
}

@inline function isNew(slot: Slot, shadow: Shadow): bool {
  return ((slot.frames ^ shadow.frames) | (slot.packets ^ shadow.packets) | (slot.bytes ^ shadow.bytes) |
    (slot.wireBytes ^ shadow.wireBytes)) != 0;
}

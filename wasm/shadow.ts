// What the table knows of each slot: which generation it expects there, what of it was counted already, and for whom.
// One cache line a slot, in the order of the slots.

import { settings } from "./memory_map";

@unmanaged
export class Shadow {
  frames: u64;
  packets: u64;
  bytes: u64;
  wireBytes: u64;
  retransmittedPackets: u32;
  retransmittedBytes: u32;
  outOfOrderPackets: u32;
  zeroWindows: u32;
  generationsDone: u32; // twice the generations wholly counted: so that all zero is the state before the first
  entry: u32; // id + 1 of the flow; 0: not looked up in this generation
  devices: u32; // version of the device table by which verdict was found; LOOK_UP: ask again each time
  interfaceId: u16;
  verdict: u8;
  direction: u8; // 0: from the low endpoint to the high one
}

/** Shadow.devices: the flow lies in a domain, so its tuple alone does not tell it. No table has this version. */
export const LOOK_UP: u32 = 0xffffffff;

export const SHADOW_BYTES: u32 = 64;

@inline export function shadowAt(index: u32): Shadow {
  return changetype<Shadow>(<usize>settings().shadows + <usize>index * SHADOW_BYTES);
}

/** The generation that the next count must find: a claim steps it twice. */
@inline export function expectedGeneration(shadow: Shadow): u32 {
  return shadow.generationsDone + 2;
}

/** Ready for the slot's next generation, of which nothing is counted. */
@inline export function expectNext(shadow: Shadow): void {
  const done = shadow.generationsDone + 2;
  const at = changetype<usize>(shadow);
  const zero = i64x2.splat(0);
  v128.store(at, zero);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
  shadow.generationsDone = done;
}

// Slots counted a batch at a time. A flow's lines lie anywhere in memory, and waiting for them one by one is most of
// what counting costs: so a batch's lines are all asked for first, by loads that do not wait for each other, and then
// counted from the cache. Nothing is changed before the last step, and there each slot is looked up by what is true by
// then.

import { bucketOf, firstCandidate } from "./index_table";
import { entryAt } from "./pool";
import { Shadow } from "./shadow";
import { prepare, Sighting, SIGHTING_BYTES } from "./sighting";

/** Slots in a batch: what they touch stays within the first cache. */
export const BATCH: u32 = 32;

const SIGHTINGS: usize = memory.data(2560, 64);

let size: u32 = 0;
/** Takes what was loaded only to be in the cache, so that the loads are not left out. */
let touched: u32 = 0;

@inline export function sightingAt(place: u32): Sighting {
  return changetype<Sighting>(SIGHTINGS + <usize>place * SIGHTING_BYTES);
}

@inline export function batchSize(): u32 {
  return size;
}

/** Puts a slot, final or copied whole, into the batch. */
@inline export function addToBatch(slot: usize, shadow: Shadow): void {
  const sighting = sightingAt(size++);
  sighting.slot = <u32>slot;
  sighting.shadow = <u32>changetype<usize>(shadow);
  sighting.isPrepared = false;
  sighting.entry = 0;
}

@inline export function shadowOf(place: u32): Shadow {
  return changetype<Shadow>(<usize>sightingAt(place).shadow);
}

@inline export function slotOf(place: u32): usize {
  return <usize>sightingAt(place).slot;
}

/**
 * Finds out what the slots' keys say, and asks for the lines of shadows, index and flows. Loops that ask do nothing
 * else: the shorter a turn, the more loads are under way at once.
 */
export function prepareBatch(): void {
  let sum: u32 = 0;
  const end = SIGHTINGS + <usize>size * SIGHTING_BYTES;
  for (let at = SIGHTINGS; at < end; at += SIGHTING_BYTES) {
    sum += changetype<Shadow>(<usize>changetype<Sighting>(at).shadow).entry;
  }
  for (let at = SIGHTINGS; at < end; at += SIGHTING_BYTES) {
    const sighting = changetype<Sighting>(at);
    const known = changetype<Shadow>(<usize>sighting.shadow).entry;
    if (known) {
      sighting.touch = <u32>changetype<usize>(entryAt(known - 1));
    } else {
      prepare(sighting);
      sighting.touch = <u32>bucketOf(sighting.hash);
    }
  }
  for (let at = SIGHTINGS; at < end; at += SIGHTING_BYTES) sum += load<u32>(<usize>changetype<Sighting>(at).touch);
  for (let at = SIGHTINGS; at < end; at += SIGHTING_BYTES) {
    const sighting = changetype<Sighting>(at);
    if (!sighting.isPrepared) continue;
    sighting.entry = firstCandidate(<usize>sighting.touch, sighting.hash);
    if (sighting.entry) sighting.touch = <u32>changetype<usize>(entryAt(sighting.entry - 1));
  }
  for (let at = SIGHTINGS; at < end; at += SIGHTING_BYTES) {
    // the two lines of an entry that counting always reads or writes; where there is none, this is in the index
    const touch = <usize>changetype<Sighting>(at).touch;
    sum += load<u32>(touch) + load<u32>(touch, 64);
  }
  touched += sum;
}

export function clearBatch(): void {
  size = 0;
}

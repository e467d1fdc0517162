// What a slot's key says, found out once: whose flow it is, from which end, and whether the sighting counts. A record
// of its own for each slot, so that a batch of slots can be prepared before the first is counted (batch.ts).

import { sight } from "./devices";
import { hashIdentity } from "./hash";
import { keyWord, Slot } from "./slot";
import { identify } from "./tuple";

@unmanaged
export class Sighting {
  // the flow's identity, as in entry.ts
  low0: u64;
  low1: u64;
  high0: u64;
  high1: u64;
  portsDomain: u64; // the low endpoint's port, the high one's << 16, domain << 32
  hash: u64;
  // what the devices say, in this order (devices.ts)
  domain: u32;
  interfaceId: u16;
  verdict: u8;
  locals: u8; // LOCAL_SOURCE, LOCAL_DESTINATION; above them, what the device carries (devices.ts)
  slot: u32; // where the slot, or a whole copy of it, lies
  shadow: u32;
  protocolKind: u16; // protocol, kind << 8
  direction: u8; // of the slot: 0 from low to high
  isPrepared: bool; // all of the above stands here
  entry: u32; // id + 1 of the flow, a guess until it is counted
  touch: u32; // where to look next (batch.ts)
}

export const SIGHTING_BYTES: usize = 80;
export const WHERE: usize = 48; // offset of what the devices say, one word

/** Sighting.locals: made on this node, by the host or by a workload at the device's other end; on its way to one. */
export const LOCAL_SOURCE: u8 = 1;
export const LOCAL_DESTINATION: u8 = 2;

/** Fills the sighting from its slot's key and the device table in force. */
export function prepare(sighting: Sighting): void {
  const slot = changetype<Slot>(<usize>sighting.slot);
  const word = keyWord(slot);
  sight(slot, sighting, word);
  identify(slot, sighting, word);
  rehash(sighting);
  sighting.isPrepared = true;
}

/** The hash of the identity that stands in the sighting now. */
@inline export function rehash(sighting: Sighting): void {
  sighting.hash = hashIdentity(
    sighting.low0, sighting.low1, sighting.high0, sighting.high1, sighting.portsDomain, sighting.protocolKind,
  );
}

// When the table is full: new flows are counted together, by protocol and address prefixes, and at the last by protocol
// alone. Totals stay exact, only detail degrades.

import { broken, Invariant, STAT_AGGREGATES, STAT_OVERFLOWED, add64 } from "./books";
import { Entry, LIVE, setIdentity } from "./entry";
import { find, insert } from "./index_table";
import { clocks, settings } from "./memory_map";
import { allocate, entryAt, release } from "./pool";
import { Sighting } from "./sighting";
import { Slot } from "./slot";
import { identifyAggregate } from "./tuple";

const MAPPED_HIGH: u64 = 0xffff0000;
const IPV4_PREFIX_MASK: u64 = 0x0000ffff_ffffffff; // /16: two bytes of four, as the word lies in memory
const IPV6_PREFIX_MASK: u64 = 0x00000000_ffffffff; // /32
const IPV4_PREFIX_BITS: u8 = 16;
const IPV6_PREFIX_BITS: u8 = 32;

let prefixed: u32 = 0; // aggregates by prefix in use
let lastResort: u32 = 0;

export function configureOverflow(): void {
  prefixed = 0;
  lastResort = 0;
}

function isMapped(slot: Slot): bool {
  return slot.source0 == 0 && (slot.source1 & 0xffffffff) == MAPPED_HIGH;
}

/**
 * The id of the aggregate that this slot's flow goes to. The sighting takes on its identity and direction. startNs: of
 * an aggregate that begins with it.
 */
export function aggregateFor(slot: Slot, sighting: Sighting, startNs: u64): u32 {
  add64(STAT_OVERFLOWED, 1);
  const ipv4 = isMapped(slot);
  if (ipv4) {
    identifyAggregate(
      sighting, 0, slot.source1 & IPV4_PREFIX_MASK, 0, slot.destination1 & IPV4_PREFIX_MASK, slot.protocol,
    );
  } else {
    identifyAggregate(
      sighting, slot.source0 & IPV6_PREFIX_MASK, 0, slot.destination0 & IPV6_PREFIX_MASK, 0, slot.protocol,
    );
  }
  const bits = ipv4 ? IPV4_PREFIX_BITS : IPV6_PREFIX_BITS;
  const byPrefix = findOrCreate(slot, sighting, startNs, bits, prefixed < settings().aggregatesMax);
  if (byPrefix >= 0) return byPrefix;

  const word = ipv4 ? MAPPED_HIGH : 0;
  identifyAggregate(sighting, 0, word, 0, word, slot.protocol);
  const byProtocol = findOrCreate(slot, sighting, startNs, 0, true);
  if (byProtocol < 0) broken(Invariant.OVERFLOW_FULL);
  return byProtocol;
}

function findOrCreate(slot: Slot, sighting: Sighting, startNs: u64, prefixBits: u8, mayCreate: bool): i32 {
  const found = find(sighting);
  if (found >= 0 || !mayCreate) return found;
  const id = allocate();
  if (id < 0) return -1;
  const entry = entryAt(id);
  // before insert(), as in flows.ts
  setIdentity(entry, sighting);
  if (!insert(sighting.hash, id)) {
    release(id);
    return -1;
  }
  entry.state = LIVE;
  entry.ttl0 = prefixBits;
  entry.startNs = startNs;
  entry.lastSeenNs = slot.lastSeenNs;
  entry.handedMs = <u32>(clocks().nowNs / 1_000_000);
  entry.anchor = <u16>clocks().anchor;
  if (prefixBits) prefixed++;
  else lastResort++;
  store<u64>(STAT_AGGREGATES, prefixed + lastResort);
  return id;
}

/** An aggregate's entry was released. */
export function aggregateGone(entry: Entry): void {
  if (entry.ttl0) prefixed--;
  else lastResort--;
  store<u64>(STAT_AGGREGATES, prefixed + lastResort);
}

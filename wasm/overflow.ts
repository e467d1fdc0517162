// When the table is full: new flows are counted together, by protocol and address prefixes, and at the last by protocol
// alone. Totals stay exact, only detail degrades.

import { broken, Invariant, STAT_AGGREGATES, STAT_OVERFLOWED, add64 } from "./books";
import { Entry, LIVE, setTuple } from "./entry";
import { find, hashTuple, insert } from "./index_table";
import { clocks, settings } from "./memory_map";
import { allocate, entryAt, release } from "./pool";
import { Slot } from "./slot";
import * as tuple from "./tuple";

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

/** The id of the aggregate that this slot's flow goes to; tuple.direction is the slot's within it. */
export function aggregateFor(slot: Slot): u32 {
  add64(STAT_OVERFLOWED, 1);
  const ipv4 = isMapped(slot);
  if (ipv4) {
    tuple.identifyAggregate(
      0, slot.source1 & IPV4_PREFIX_MASK, 0, slot.destination1 & IPV4_PREFIX_MASK, slot.protocol,
    );
  } else {
    tuple.identifyAggregate(
      slot.source0 & IPV6_PREFIX_MASK, 0, slot.destination0 & IPV6_PREFIX_MASK, 0, slot.protocol,
    );
  }
  const byPrefix = findOrCreate(slot, ipv4 ? IPV4_PREFIX_BITS : IPV6_PREFIX_BITS, prefixed < settings().aggregatesMax);
  if (byPrefix >= 0) return byPrefix;

  const word = ipv4 ? MAPPED_HIGH : 0;
  tuple.identifyAggregate(0, word, 0, word, slot.protocol);
  const byProtocol = findOrCreate(slot, 0, true);
  if (byProtocol < 0) broken(Invariant.OVERFLOW_FULL);
  return byProtocol;
}

function findOrCreate(slot: Slot, prefixBits: u8, mayCreate: bool): i32 {
  const hash = hashTuple();
  const found = find(hash);
  if (found >= 0 || !mayCreate) return found;
  const id = allocate();
  if (id < 0) return -1;
  const entry = entryAt(id);
  // before insert(), as in flows.ts
  setTuple(entry);
  if (!insert(hash, id)) {
    release(id);
    return -1;
  }
  entry.state = LIVE;
  entry.ttl0 = prefixBits;
  entry.startNs = slot.firstSeenNs;
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

// The flows: a slot's generation finds its flow, or begins one, or ends one whose ports it took over.

import { add64, broken, Invariant, STAT_FLOWS, STAT_FLOWS_CREATED } from "./books";
import * as devices from "./devices";
import * as e from "./entry";
import { Entry } from "./entry";
import { find, hashTuple, insert, removeEntry } from "./index_table";
import { clocks, settings } from "./memory_map";
import { aggregateFor, aggregateGone } from "./overflow";
import { allocate, entryAt, release } from "./pool";
import { IN_DOMAIN, Shadow } from "./shadow";
import { KEY_FRAGMENT, PROTOCOL_TCP, Slot, TCP_ACK, TCP_SYN } from "./slot";
import * as tuple from "./tuple";

let flows: u32 = 0;

/** When the round before this one began: what an ended flow's slot adds now came later. */
let roundNs: u64 = 0;
let roundBeforeNs: u64 = 0;

export function configureFlows(): void {
  flows = 0;
  roundNs = 0;
  roundBeforeNs = 0;
}

export function beginRound(): void {
  roundBeforeNs = roundNs;
  roundNs = clocks().nowNs;
}

/** The flow of this slot's generation; the shadow then knows it, its direction and whether the sighting counts. */
export function flowOf(slot: Slot, shadow: Shadow): Entry {
  const version = devices.devicesVersion();
  if (shadow.entry) {
    const entry = entryAt(shadow.entry - 1);
    if (shadow.devices == version && isStill(entry, slot, shadow)) return entry;
  }
  return lookUp(slot, shadow, version);
}

/** Whether the remembered entry is this slot's flow still: entries are released and used again. */
@inline function isStill(entry: Entry, slot: Slot, shadow: Shadow): bool {
  if ((entry.state & (e.LIVE | e.DETACHED)) != e.LIVE || entry.protocol != slot.protocol) return false;
  // one-way ICMP and aggregates do not have the slot's tuple, and a domain is found by the device: look them up again
  if (entry.kind & ~tuple.KIND_FRAGMENT || entry.domain || shadow.direction & IN_DOMAIN) return false;
  if ((entry.kind & tuple.KIND_FRAGMENT) != (slot.flags & KEY_FRAGMENT)) return false;
  const ports = <u32>slot.sourcePort | (<u32>slot.destinationPort << 16);
  const forward = shadow.direction == 0;
  return (forward ? entry.ports == ports : entry.ports == rotl<u32>(ports, 16)) &&
    ((entry.low0 ^ (forward ? slot.source0 : slot.destination0)) |
        (entry.low1 ^ (forward ? slot.source1 : slot.destination1)) |
        (entry.high0 ^ (forward ? slot.destination0 : slot.source0)) |
        (entry.high1 ^ (forward ? slot.destination1 : slot.source1))) == 0;
}

function lookUp(slot: Slot, shadow: Shadow, version: u32): Entry {
  devices.sight(slot);
  shadow.devices = version;
  shadow.verdict = devices.verdict;
  shadow.interfaceId = devices.interfaceId;
  tuple.identify(slot, devices.domain);
  const hash = hashTuple();
  let id = find(hash);
  if (id >= 0 && isNewConnection(entryAt(id), slot, tuple.direction)) {
    detach(id);
    id = -1;
  }
  if (id < 0) id = create(slot, shadow, hash);
  if (id < 0) id = aggregateFor(slot);
  shadow.direction = devices.domain ? tuple.direction | IN_DOMAIN : tuple.direction;
  shadow.entry = id + 1;
  return entryAt(id);
}

/** The initiator's initial sequence number as a SYN or SYN-ACK tells it. */
@inline export function initialSequence(slot: Slot): u32 {
  return slot.tcpFlagsFirst & TCP_ACK ? slot.acknowledgmentFirst - 1 : slot.sequenceFirst;
}

/** Whether the slot begins with a handshake that is not this flow's. */
function isNewConnection(entry: Entry, slot: Slot, direction: u8): bool {
  if (entry.protocol != PROTOCOL_TCP || !(slot.tcpFlagsFirst & TCP_SYN)) return false;
  if (!(entry.state & e.SEQUENCE_KNOWN)) return slot.firstSeenNs > entry.startNs;
  if (entry.sequenceOrIcmp == initialSequence(slot)) return false;
  // both ends opening at once: the other's SYN is the first that it sends
  const opensToo = !(slot.tcpFlagsFirst & TCP_ACK) && !load<u8>(e.address(entry) + direction, e.TCP_FLAGS);
  return !opensToo;
}

/** Ends a flow whose ports were taken over: no packet finds it any more, the sweep hands out what it holds. */
function detach(id: u32): void {
  const entry = entryAt(id);
  if (!removeEntry(id)) broken(Invariant.INDEX_LOST);
  entry.state |= e.DETACHED;
}

function create(slot: Slot, shadow: Shadow, hash: u64): i32 {
  if (flows >= settings().flowsMax) return -1;
  const id = allocate();
  if (id < 0) return -1;
  const entry = entryAt(id);
  // before insert(): a split of its bucket asks at once where the entry belongs
  e.setTuple(entry);
  if (!insert(hash, id)) {
    release(id);
    return -1;
  }
  entry.state = tuple.direction ? e.LIVE | e.FIRST_1 : e.LIVE;
  entry.startNs = startOf(slot, shadow);
  entry.lastSeenNs = slot.lastSeenNs;
  entry.vlan = slot.vlan;
  entry.mac0 = slot.sourceMac0;
  entry.mac1 = slot.sourceMac1;
  entry.anchor = <u16>clocks().anchor;
  entry.handedMs = <u32>(entry.startNs / 1_000_000);
  store<u64>(STAT_FLOWS, ++flows);
  add64(STAT_FLOWS_CREATED, 1);
  return id;
}

/** The slot's first packet; but if an ended flow counted that one already, what came since the round before. */
function startOf(slot: Slot, shadow: Shadow): u64 {
  if (!shadow.frames) return slot.firstSeenNs;
  if (slot.frames - shadow.frames == 1 || roundBeforeNs > slot.lastSeenNs) return slot.lastSeenNs;
  return max<u64>(roundBeforeNs, slot.firstSeenNs);
}

/** Gives the entry back, once its last record is out. */
export function endFlow(id: u32): void {
  const entry = entryAt(id);
  if (!(entry.state & e.DETACHED) && !removeEntry(id)) broken(Invariant.INDEX_LOST);
  if (entry.kind & tuple.KIND_AGGREGATE) aggregateGone(entry);
  else store<u64>(STAT_FLOWS, --flows);
  release(id);
}

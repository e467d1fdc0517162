// The flows: a slot's generation finds its flow, or begins one, or ends one whose ports it took over.

import { add64, broken, Invariant, STAT_FLOWS, STAT_FLOWS_CREATED } from "./books";
import { devicesVersion } from "./devices";
import * as e from "./entry";
import { Entry } from "./entry";
import { find, insert, removeEntry } from "./index_table";
import { clocks, settings } from "./memory_map";
import { aggregateFor, aggregateGone } from "./overflow";
import { allocate, entryAt, release } from "./pool";
import { LOOK_UP, Shadow } from "./shadow";
import { prepare, Sighting } from "./sighting";
import { KEY_FRAGMENT, PROTOCOL_TCP, Slot, TCP_ACK, TCP_SYN } from "./slot";
import { KIND_AGGREGATE } from "./tuple";

/** SYNs of both ends that are nearer to each other open one connection. */
const SIMULTANEOUS_NS: i64 = 3_000_000_000;

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

/** The flow of this slot's generation. The sighting then knows it, its direction and whether it counts. */
@inline export function flowOf(slot: Slot, shadow: Shadow, sighting: Sighting): Entry {
  if (shadow.entry && shadow.devices == devicesVersion()) {
    const entry = entryAt(shadow.entry - 1);
    if (isStill(entry, slot, shadow)) {
      sighting.interfaceId = shadow.interfaceId;
      sighting.verdict = shadow.verdict;
      sighting.direction = shadow.direction;
      sighting.domain = 0;
      sighting.entry = shadow.entry;
      return entry;
    }
  }
  return lookUp(slot, shadow, sighting);
}

/** Lets the shadow know what was found out for this sighting. */
@inline export function remember(shadow: Shadow, sighting: Sighting): void {
  shadow.devices = sighting.domain ? LOOK_UP : devicesVersion();
  shadow.interfaceId = sighting.interfaceId;
  shadow.verdict = sighting.verdict;
  shadow.direction = sighting.direction;
  shadow.entry = sighting.entry;
}

/**
 * Whether the remembered entry is this slot's flow still: entries are released and used again. Of a flow in a domain
 * of its own the shadow cannot tell, and one-way ICMP and aggregates do not have the slot's tuple.
 */
@inline function isStill(entry: Entry, slot: Slot, shadow: Shadow): bool {
  if ((entry.state & (e.LIVE | e.DETACHED)) != e.LIVE || entry.protocol != slot.protocol) return false;
  if (entry.domain || entry.kind != (slot.flags & KEY_FRAGMENT)) return false;
  const at = changetype<usize>(slot);
  const swap = i64x2.splat(0 - <i64>shadow.direction);
  const source = v128.load(at, offsetof<Slot>("source0"));
  const destination = v128.load(at, offsetof<Slot>("destination0"));
  const differ = v128.or(
    v128.xor(v128.load(e.address(entry)), v128.bitselect(destination, source, swap)),
    v128.xor(v128.load(e.address(entry), 16), v128.bitselect(source, destination, swap)),
  );
  return !v128.any_true(differ) &&
    entry.ports == rotl<u32>(load<u32>(at, offsetof<Slot>("sourcePort")), <u32>shadow.direction << 4);
}

@inline function lookUp(slot: Slot, shadow: Shadow, sighting: Sighting): Entry {
  if (!sighting.isPrepared) prepare(sighting);
  let id = isGuessRight(sighting) ? <i32>sighting.entry - 1 : find(sighting);
  // a handshake that was counted already began an earlier flow, if not this one
  const begins = !shadow.frames && id >= 0 && isNewConnection(entryAt(id), slot, sighting.direction);
  if (id < 0 || begins) id = begin(slot, shadow, sighting, id);
  sighting.entry = id + 1;
  return entryAt(id);
}

/** Whether the entry that the batch guessed is in the index still, and the sighting's. */
@inline function isGuessRight(sighting: Sighting): bool {
  if (!sighting.entry) return false;
  const entry = entryAt(sighting.entry - 1);
  return (entry.state & (e.LIVE | e.DETACHED)) == e.LIVE && e.isFlowOf(entry, sighting);
}

/** A flow that is not there yet; `before`: the one that had its ports, or −1. */
function begin(slot: Slot, shadow: Shadow, sighting: Sighting, before: i32): i32 {
  if (before >= 0) detach(before);
  const id = create(slot, shadow, sighting);
  return id >= 0 ? id : <i32>aggregateFor(slot, sighting, startOf(slot, shadow));
}

/** The initiator's initial sequence number as a SYN or SYN-ACK tells it. */
@inline export function initialSequence(slot: Slot): u32 {
  return slot.tcpFlagsFirst & TCP_ACK ? slot.acknowledgmentFirst - 1 : slot.sequenceFirst;
}

/** Whether the slot begins with a handshake that is not this flow's. */
@inline function isNewConnection(entry: Entry, slot: Slot, direction: u8): bool {
  return (slot.tcpFlagsFirst & TCP_SYN) != 0 && entry.protocol == PROTOCOL_TCP && opensAnother(entry, slot, direction);
}

function opensAnother(entry: Entry, slot: Slot, direction: u8): bool {
  if (!(entry.state & e.SEQUENCE_KNOWN)) return slot.firstSeenNs > entry.startNs;
  if (entry.sequenceOrIcmp == initialSequence(slot)) return false;
  // both ends opening at once: the other's SYN is the first that it sends
  const answers = (slot.tcpFlagsFirst & TCP_ACK) != 0;
  if (!answers && !load<u8>(e.address(entry) + direction, e.TCP_FLAGS)) return false;
  return !opensAtOnce(entry, slot, answers ? direction ^ 1 : direction);
}

/** Whether a handshake by another number can be that of an entry which the other end opened at the same time. */
function opensAtOnce(entry: Entry, slot: Slot, opener: u8): bool {
  if (!(entry.state & (e.SYN_0 << (opener ^ 1)))) return false;
  // then the number known is the low end's
  if (entry.state & (e.SYN_0 << opener) && !opener) return false;
  const apartNs = <i64>(slot.firstSeenNs - entry.startNs);
  return apartNs < SIMULTANEOUS_NS && apartNs > -SIMULTANEOUS_NS;
}

/** Ends a flow whose ports were taken over: no packet finds it any more, the sweep hands out what it holds. */
function detach(id: u32): void {
  const entry = entryAt(id);
  if (!removeEntry(id)) broken(Invariant.INDEX_LOST);
  entry.state |= e.DETACHED;
}

function create(slot: Slot, shadow: Shadow, sighting: Sighting): i32 {
  if (flows >= settings().flowsMax) return -1;
  const id = allocate();
  if (id < 0) return -1;
  const entry = entryAt(id);
  // before insert(): a split of its bucket asks at once where the entry belongs
  e.setIdentity(entry, sighting);
  if (!insert(sighting.hash, id)) {
    release(id);
    return -1;
  }
  entry.state = sighting.direction ? e.LIVE | e.FIRST_1 : e.LIVE;
  entry.startNs = startOf(slot, shadow);
  entry.lastSeenNs = slot.lastSeenNs;
  entry.label0 = <u32>slot.vlan << e.VLAN_SHIFT;
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
  if (entry.kind & KIND_AGGREGATE) aggregateGone(entry);
  else store<u64>(STAT_FLOWS, --flows);
  release(id);
}

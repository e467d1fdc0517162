// Counting: what a slot has more than its shadow goes to the books, and to its flow where the sighting counts.

import {
  addMeasures, broken, hookTerm, Invariant, INTERFACE_BOOKS_BYTES, MEASURES_BYTES, TERM_COUNTED, TERM_TAKEN,
} from "./books";
import { COUNTS } from "./devices";
import * as e from "./entry";
import { Entry } from "./entry";
import { flowOf, initialSequence, remember } from "./flows";
import { settings } from "./memory_map";
import { initiatorDirection, pendingPackets } from "./out";
import { Shadow } from "./shadow";
import { LOCAL_DESTINATION, LOCAL_SOURCE, Sighting } from "./sighting";
import {
  KEY_EGRESS, lastWord, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, Slot, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN,
} from "./slot";
import { KIND_AGGREGATE, KIND_FRAGMENT } from "./tuple";

/**
 * Counts what is new in a slot that cannot change any more, or in a copy that is known to be whole. isFinal: the slot's
 * generation is over, and its shadow is not asked again.
 */
@inline export function count(sighting: Sighting, isFinal: bool): void {
  const slot = changetype<Slot>(<usize>sighting.slot);
  const shadow = changetype<Shadow>(<usize>sighting.shadow);
  const slotAt = changetype<usize>(slot);
  const shadowAt = changetype<usize>(shadow);
  const seen0 = v128.load(slotAt, offsetof<Slot>("frames"));
  const seen1 = v128.load(slotAt, offsetof<Slot>("bytes"));
  const new0 = i64x2.sub(seen0, v128.load(shadowAt)); // frames, packets
  const new1 = i64x2.sub(seen1, v128.load(shadowAt, 16)); // bytes, wire bytes
  const anything = v128.or(new0, new1);
  if (i64x2.bitmask(anything)) broken(Invariant.COUNTER_FELL);
  if (!v128.any_true(anything)) return;

  const entry = flowOf(slot, shadow, sighting);
  const hook: usize = slot.flags & KEY_EGRESS;
  const last = lastWord(slot);
  const direction: u32 = sighting.direction;
  addMeasures(hookTerm(hook, TERM_TAKEN), new0, new1);
  addMeasures(hookTerm(hook, TERM_COUNTED + sighting.verdict), new0, new1);
  addInterface(sighting.interfaceId, hook, new0, new1);

  // whether it is shown is as good as chance on a host that forwards: nothing below branches on it
  const shown: u32 = u32(isShown(entry, direction, slot, shadow, sighting, hook));
  const mask = i64x2.splat(0 - <i64>shown);
  addMeasures(e.countersAt(entry, direction) + e.COUNTERS, v128.and(new0, mask), v128.and(new1, mask));
  const lastBeforeNs = entry.lastSeenNs;
  entry.lastSeenNs = max<u64>(slot.lastSeenNs, lastBeforeNs);
  if (shadow.entry != sighting.entry) join(entry, slot, shadow, sighting, direction, lastBeforeNs);
  const protocolKind = e.protocolKind(entry);
  if (!(protocolKind & (<u32>KIND_AGGREGATE << 8))) {
    if (protocolKind == PROTOCOL_TCP) {
      addTcp(entry, slot, direction, last, lastBeforeNs);
      addQuality(entry, slot, shadow, direction, shown);
    }
    const at = e.address(entry) + direction;
    store<u8>(at, select<u8>(<u8>(last >> 48), load<u8>(at, e.TTL), shown), e.TTL);
    store<u8>(at, select<u8>(<u8>(last >> 56), load<u8>(at, e.TRAFFIC_CLASS), shown), e.TRAFFIC_CLASS);
  }
  if (isFinal) return;
  v128.store(shadowAt, seen0);
  v128.store(shadowAt, seen1, 16);
  remember(shadow, sighting);
}

@inline function addInterface(id: u16, hook: usize, new0: v128, new1: v128): void {
  addMeasures(<usize>settings().interfaces + <usize>id * INTERFACE_BOOKS_BYTES + hook * MEASURES_BYTES, new0, new1);
}

/** Whether the flow's own numbers take this sighting in. */
@inline function isShown(
  entry: Entry, direction: u32, slot: Slot, shadow: Shadow, sighting: Sighting, hook: usize,
): bool {
  if (e.isCounted(entry, direction)) return sighting.verdict == COUNTS;
  if (sighting.verdict != COUNTS) return isView(entry, direction, slot, shadow, sighting, hook);
  // counting sightings take the place of one point's view: what that view had is seen here
  entry.state |= e.COUNTED_0 << direction;
  forgetView(entry, direction);
  return true;
}

/** Takes back what a point's view added since the last record. */
function forgetView(entry: Entry, direction: u32): void {
  const quality = e.address(entry) + (direction << 2);
  store<u32>(quality, 0, e.RETRANSMITTED_PACKETS);
  store<u32>(quality, 0, e.RETRANSMITTED_BYTES);
  store<u32>(quality, 0, e.OUT_OF_ORDER);
  store<u32>(quality, 0, e.ZERO_WINDOWS);
  const handed = e.address(entry) + (direction << 3);
  const at = e.countersAt(entry, direction);
  store<u64>(at, 0, e.FRAMES);
  store<u64>(at, load<u64>(handed, e.PACKETS_HANDED), e.PACKETS);
  store<u64>(at, load<u64>(handed, e.BYTES_HANDED), e.BYTES);
  store<u64>(at, 0, e.WIRE_BYTES);
}

/**
 * Whether this sighting, which does not count, is what the flow's record shows of a direction that has none that do.
 * One point is chosen, so that no packet shows twice: the interface where the other direction counts, else the first.
 */
function isView(
  entry: Entry, direction: u32, slot: Slot, shadow: Shadow, sighting: Sighting, hook: usize,
): bool {
  if (entry.kind & KIND_AGGREGATE) return false;
  const place = placeOf(entry, sighting.interfaceId);
  if (place < 0) return false;
  const shift = direction ? e.VIEW_SHIFT_1 : e.VIEW_SHIFT_0;
  const point: u32 = e.VIEW_VALID | (<u32>hook << 2) | <u32>place;
  const current = (entry.state >> shift) & 15;
  if (current == point) return true;
  const own = entry.state & e.OWN ? (entry.state >> e.OWN_SHIFT) & 3 : 4;
  if (current) {
    if (<u32>place != own || (current & 3) == own) return false;
    // what passed here so far was not shown: the view may move only while no record went out and this slot has it all
    if (entry.state & e.ORIENTED || slot.packets < pendingPackets(entry, direction)) return false;
    forgetView(entry, direction);
    const counted = changetype<usize>(shadow);
    addMeasures(e.countersAt(entry, direction) + e.COUNTERS, v128.load(counted), v128.load(counted, 16));
  }
  entry.state = (entry.state & ~(15 << shift)) | (point << shift);
  return true;
}

/** The place of an interface in the entry's list, listed now if there is room; −1: not listed, or nameless. */
@inline function placeOf(entry: Entry, id: u16): i32 {
  if (!id) return -1;
  if (entry.interface0 == id) return 0;
  return entry.interface1 == id ? 1 : findPlace(entry, id);
}

function findPlace(entry: Entry, id: u16): i32 {
  for (let place: u32 = 0; place < e.INTERFACES_LISTED; place++) {
    const at = e.address(entry) + (place << 1) + (place < 2 ? e.INTERFACES : e.INTERFACES_FURTHER - 4);
    const listed = load<u16>(at);
    if (listed == id) return place;
    if (!listed) {
      store<u16>(at, id);
      return place;
    }
  }
  entry.state |= e.MORE_INTERFACES;
  return -1;
}

/** What a slot's generation says once: where it was seen, who began, how. */
@inline function join(
  entry: Entry, slot: Slot, shadow: Shadow, sighting: Sighting, direction: u32, lastBeforeNs: u64,
): void {
  const place = placeOf(entry, sighting.interfaceId);
  if (entry.kind & KIND_AGGREGATE) return;
  let state = entry.state;
  if (sighting.verdict == COUNTS && place >= 0 && !(state & e.OWN)) state |= e.OWN | (<u32>place << e.OWN_SHIFT);
  if (sighting.locals & LOCAL_SOURCE) state |= e.LOCAL_0 << direction;
  if (sighting.locals & LOCAL_DESTINATION) state |= e.LOCAL_0 << (direction ^ 1);
  if (slot.flowLabel) state |= e.LABELLED;
  entry.state = state;
  // under a VLAN device packets have lost their tag, which says more than its absence
  if (slot.vlan && !(entry.label0 >> e.VLAN_SHIFT)) setVlan(entry, slot);
  // a flow is never last seen before it starts: most slots that come later need not look at its start
  if (!(state & e.ORIENTED) && slot.firstSeenNs < lastBeforeNs && !shadow.frames) {
    joinStart(entry, slot, direction, place);
  }
  if (state & e.LABELLED) {
    const at = e.address(entry) + (direction << 2);
    store<u32>(at, load<u32>(at, e.LABEL) & ~e.LABEL_MASK | slot.flowLabel & e.LABEL_MASK, e.LABEL);
  }
  if (entry.kind & KIND_FRAGMENT) return;
  if (slot.protocol == PROTOCOL_TCP) {
    const isKnown = shadow.frames && state & e.SEQUENCE_KNOWN; // by a handshake of its own; this one was counted before
    if (slot.tcpFlagsFirst & TCP_SYN && !isKnown) joinHandshake(entry, slot, direction);
  } else if (slot.protocol == PROTOCOL_ICMP || slot.protocol == PROTOCOL_ICMPV6) {
    joinIcmp(entry, slot, direction);
  }
}

function setVlan(entry: Entry, slot: Slot): void {
  entry.label0 = entry.label0 & e.LABEL_MASK | <u32>slot.vlan << e.VLAN_SHIFT;
}

function joinStart(entry: Entry, slot: Slot, direction: u32, place: i32): void {
  if (slot.firstSeenNs >= entry.startNs) return;
  if (slot.vlan) setVlan(entry, slot);
  entry.startNs = slot.firstSeenNs;
  entry.mac0 = slot.sourceMac0;
  entry.mac1 = slot.sourceMac1;
  entry.state = direction ? entry.state | e.FIRST_1 : entry.state & ~e.FIRST_1;
  if (place > 0) putFirst(entry, place);
}

/** The interface that saw a flow first stands first in its list; what names interfaces by their place moves along. */
function putFirst(entry: Entry, place: u32): void {
  const at = e.address(entry) + (place << 1) + (place < 2 ? e.INTERFACES : e.INTERFACES_FURTHER - 4);
  const first = entry.interface0;
  entry.interface0 = load<u16>(at);
  store<u16>(at, first);
  let state = entry.state;
  if (state & e.OWN) state = movePlace(state, e.OWN_SHIFT, place);
  if (state >> e.VIEW_SHIFT_0 & e.VIEW_VALID) state = movePlace(state, e.VIEW_SHIFT_0, place);
  if (state >> e.VIEW_SHIFT_1 & e.VIEW_VALID) state = movePlace(state, e.VIEW_SHIFT_1, place);
  entry.state = state;
}

function movePlace(state: u32, shift: u32, place: u32): u32 {
  const current = (state >> shift) & 3;
  if (current == 0) return state | (place << shift);
  return current == place ? state & ~(<u32>3 << shift) : state;
}

function joinIcmp(entry: Entry, slot: Slot, direction: u32): void {
  const shift = direction << 4;
  entry.sequenceOrIcmp = (entry.sequenceOrIcmp & ~(0xffff << shift)) |
    ((<u32>slot.sourcePort | (<u32>slot.destinationPort << 8)) << shift);
  entry.state |= e.ICMP_0 << direction;
}

/** A slot that begins with SYN or SYN-ACK. */
function joinHandshake(entry: Entry, slot: Slot, direction: u32): void {
  const answers = (slot.tcpFlagsFirst & TCP_ACK) != 0;
  const opener = answers ? direction ^ 1 : direction;
  if (answers) {
    if (!entry.synAckNs || slot.firstSeenNs < entry.synAckNs) entry.synAckNs = slot.firstSeenNs;
  } else if (!entry.synNs || slot.firstSeenNs < entry.synNs) {
    entry.synNs = slot.firstSeenNs;
  }
  if (entry.state & e.ORIENTED) return;
  // both opened at once: the low endpoint's number names the connection, on every node
  const other = entry.state & (e.SYN_0 << (opener ^ 1));
  if (!(other && opener == 1)) {
    entry.sequenceOrIcmp = initialSequence(slot);
    entry.state |= e.SEQUENCE_KNOWN;
  }
  const initiatorBefore = initiatorDirection(entry);
  entry.state |= e.SYN_0 << opener;
  if (initiatorDirection(entry) != initiatorBefore) {
    entry.ackNs = 0;
    entry.state &= ~e.ACKED;
  }
}

@inline function addTcp(entry: Entry, slot: Slot, direction: u32, last: u64, lastBeforeNs: u64): void {
  const flagsAt = e.address(entry) + direction;
  const flags = <u8>(last >> 32);
  store<u8>(flagsAt, load<u8>(flagsAt, e.TCP_FLAGS) | flags, e.TCP_FLAGS);
  if (flags & (TCP_FIN | TCP_RST)) {
    if (flags & TCP_FIN) entry.state |= e.FIN_0 << direction;
    if (flags & TCP_RST) entry.state |= e.RESET;
  }
  const first = <u8>(last >> 40);
  if (first & TCP_SYN && slot.synNs > slot.firstSeenNs) {
    entry.state |= first & TCP_ACK ? e.SYN_ACK_REPEATED : e.SYN_REPEATED;
  }
  // the first ACK is never later than the last packet: most slots that come later need not look
  const ackNs = slot.ackNs;
  if (ackNs && !(ackNs >= lastBeforeNs && entry.state & e.ACKED)) addAck(entry, slot, direction);
}

/** The initiator's first ACK ends the handshake; slots tell of it in any order, so who opened may be a guess still. */
function addAck(entry: Entry, slot: Slot, direction: u32): void {
  if (entry.ackNs && slot.ackNs >= entry.ackNs || initiatorDirection(entry) != direction) return;
  entry.ackNs = slot.ackNs;
  entry.state |= e.ACKED;
}

/**
 * Quality counters, from the sightings that the record's numbers come from. They wrap in the slot, so differences do,
 * too.
 */
@inline function addQuality(entry: Entry, slot: Slot, shadow: Shadow, direction: u32, shown: u32): void {
  const differ = v128.xor(
    v128.load(changetype<usize>(slot), offsetof<Slot>("retransmittedPackets")),
    v128.load(changetype<usize>(shadow), offsetof<Shadow>("retransmittedPackets")),
  );
  if (v128.any_true(differ) && shown) addQualityOf(entry, slot, shadow, direction);
}

function addQualityOf(entry: Entry, slot: Slot, shadow: Shadow, direction: u32): void {
  const at = e.address(entry) + (direction << 2);
  e.addSaturating(at + e.RETRANSMITTED_PACKETS, slot.retransmittedPackets - shadow.retransmittedPackets);
  e.addSaturating(at + e.RETRANSMITTED_BYTES, slot.retransmittedBytes - shadow.retransmittedBytes);
  e.addSaturating(at + e.OUT_OF_ORDER, slot.outOfOrderPackets - shadow.outOfOrderPackets);
  e.addSaturating(at + e.ZERO_WINDOWS, slot.zeroWindows - shadow.zeroWindows);
  shadow.retransmittedPackets = slot.retransmittedPackets;
  shadow.retransmittedBytes = slot.retransmittedBytes;
  shadow.outOfOrderPackets = slot.outOfOrderPackets;
  shadow.zeroWindows = slot.zeroWindows;
}

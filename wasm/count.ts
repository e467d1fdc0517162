// Counting: what a slot has more than its shadow goes to the books, and to its flow where the sighting counts.

import {
  addMeasures, broken, hookTerm, Invariant, InterfaceBooks, INTERFACE_BOOKS_BYTES, TERM_COUNTED, TERM_TAKEN,
} from "./books";
import * as devices from "./devices";
import { COUNTS } from "./devices";
import * as e from "./entry";
import { Entry } from "./entry";
import { flowOf, initialSequence } from "./flows";
import { settings } from "./memory_map";
import { initiatorDirection, pendingPackets } from "./out";
import { Shadow } from "./shadow";
import {
  KEY_EGRESS, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, Slot, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN,
} from "./slot";
import { KIND_AGGREGATE, KIND_FRAGMENT } from "./tuple";

/** Counts what is new in a slot that cannot change any more, or in a copy that is known to be whole. */
export function count(slot: Slot, shadow: Shadow): void {
  const frames = slot.frames - shadow.frames;
  const packets = slot.packets - shadow.packets;
  const bytes = slot.bytes - shadow.bytes;
  const wireBytes = slot.wireBytes - shadow.wireBytes;
  if (<i64>(frames | packets | bytes | wireBytes) < 0) broken(Invariant.COUNTER_FELL);
  if ((frames | packets | bytes | wireBytes) == 0) return;

  const hook: usize = slot.flags & KEY_EGRESS;
  const before = shadow.entry;
  const entry = flowOf(slot, shadow);
  addMeasures(hookTerm(hook, TERM_TAKEN), frames, packets, bytes, wireBytes);
  addMeasures(hookTerm(hook, TERM_COUNTED + shadow.verdict), frames, packets, bytes, wireBytes);
  addInterface(shadow.interfaceId, hook, frames, bytes);

  const direction: u32 = shadow.direction & 1;
  const shown = isShown(entry, direction, slot, shadow, hook);
  if (shown) addTo(entry, direction, frames, packets, bytes, wireBytes);
  if (slot.lastSeenNs > entry.lastSeenNs) entry.lastSeenNs = slot.lastSeenNs;
  if (before != shadow.entry) join(entry, slot, shadow, direction);
  if (!(entry.kind & KIND_AGGREGATE)) {
    if (slot.protocol == PROTOCOL_TCP && !(entry.kind & KIND_FRAGMENT)) {
      addTcp(entry, slot, direction);
      if (shown) addQuality(entry, slot, shadow, direction);
    }
    if (shown) {
      store<u8>(e.address(entry) + direction, slot.ttl, e.TTL);
      store<u8>(e.address(entry) + (direction << 2) + 3, slot.trafficClass, e.LABEL);
    }
  }
  shadow.frames = slot.frames;
  shadow.packets = slot.packets;
  shadow.bytes = slot.bytes;
  shadow.wireBytes = slot.wireBytes;
}

@inline function addTo(entry: Entry, direction: u32, frames: u64, packets: u64, bytes: u64, wireBytes: u64): void {
  const at = e.address(entry) + (direction << 3);
  store<u64>(at, load<u64>(at, e.PACKETS) + packets, e.PACKETS);
  store<u64>(at, load<u64>(at, e.BYTES) + bytes, e.BYTES);
  store<u64>(at, load<u64>(at, e.WIRE_BYTES) + wireBytes, e.WIRE_BYTES);
  store<u64>(at, load<u64>(at, e.FRAMES) + frames, e.FRAMES);
}

@inline function addInterface(id: u16, hook: usize, frames: u64, bytes: u64): void {
  const books = changetype<InterfaceBooks>(<usize>settings().interfaces + <usize>id * INTERFACE_BOOKS_BYTES);
  if (hook) {
    books.egressFrames += frames;
    books.egressBytes += bytes;
  } else {
    books.ingressFrames += frames;
    books.ingressBytes += bytes;
  }
}

/** Whether the flow's own numbers take this sighting in. */
@inline function isShown(entry: Entry, direction: u32, slot: Slot, shadow: Shadow, hook: usize): bool {
  if (shadow.verdict != COUNTS) return isView(entry, direction, slot, shadow, hook);
  if (!e.isCounted(entry, direction)) {
    // counting sightings take the place of one point's view: what that view had is seen here
    entry.state |= e.COUNTED_0 << direction;
    forgetView(entry, direction);
  }
  return true;
}

/** Takes back what a point's view added since the last record. */
function forgetView(entry: Entry, direction: u32): void {
  const quality = e.address(entry) + (direction << 2);
  store<u32>(quality, 0, e.RETRANSMITTED_PACKETS);
  store<u32>(quality, 0, e.RETRANSMITTED_BYTES);
  store<u32>(quality, 0, e.OUT_OF_ORDER);
  store<u32>(quality, 0, e.ZERO_WINDOWS);
  const at = e.address(entry) + (direction << 3);
  store<u64>(at, load<u64>(at, e.PACKETS_HANDED), e.PACKETS);
  store<u64>(at, load<u64>(at, e.BYTES_HANDED), e.BYTES);
  store<u64>(at, 0, e.WIRE_BYTES);
  store<u64>(at, 0, e.FRAMES);
}

/**
 * Whether this sighting, which does not count, is what the flow's record shows of a direction that has none that do.
 * One point is chosen, so that no packet shows twice: the interface where the other direction counts, else the first.
 */
function isView(entry: Entry, direction: u32, slot: Slot, shadow: Shadow, hook: usize): bool {
  if (e.isCounted(entry, direction) || entry.kind & KIND_AGGREGATE) return false;
  const place = placeOf(entry, shadow.interfaceId);
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
    addTo(entry, direction, shadow.frames, shadow.packets, shadow.bytes, shadow.wireBytes);
  }
  entry.state = (entry.state & ~(15 << shift)) | (point << shift);
  return true;
}

/** The place of an interface in the entry's list, listed now if there is room; −1: not listed, or nameless. */
function placeOf(entry: Entry, id: u16): i32 {
  if (!id) return -1;
  for (let place: u32 = 0; place < e.INTERFACES_LISTED; place++) {
    const at = e.address(entry) + e.INTERFACES + (place << 1);
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
function join(entry: Entry, slot: Slot, shadow: Shadow, direction: u32): void {
  const place = placeOf(entry, shadow.interfaceId);
  if (entry.kind & KIND_AGGREGATE) return;
  if (shadow.verdict == COUNTS && place >= 0 && !(entry.state & e.OWN)) {
    entry.state |= e.OWN | (<u32>place << e.OWN_SHIFT);
  }
  if (devices.sourceLocal) entry.state |= e.LOCAL_0 << direction;
  if (devices.destinationLocal) entry.state |= e.LOCAL_0 << (direction ^ 1);
  if (!(entry.state & e.ORIENTED) && !shadow.frames && slot.firstSeenNs < entry.startNs) {
    entry.startNs = slot.firstSeenNs;
    entry.mac0 = slot.sourceMac0;
    entry.mac1 = slot.sourceMac1;
    entry.state = direction ? entry.state | e.FIRST_1 : entry.state & ~e.FIRST_1;
  }
  store<u32>(e.address(entry) + (direction << 2), slot.flowLabel, e.LABEL);
  if (entry.kind & KIND_FRAGMENT) return;
  if (slot.protocol == PROTOCOL_TCP) {
    if (slot.tcpFlagsFirst & TCP_SYN) joinHandshake(entry, slot, direction);
  } else if (slot.protocol == PROTOCOL_ICMP || slot.protocol == PROTOCOL_ICMPV6) {
    const shift = direction << 4;
    entry.sequenceOrIcmp = (entry.sequenceOrIcmp & ~(0xffff << shift)) |
      ((<u32>slot.sourcePort | (<u32>slot.destinationPort << 8)) << shift);
    entry.state |= e.ICMP_0 << direction;
  }
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
  if (other) return;
  if (initiatorDirection(entry) != opener) entry.ackNs = 0;
  entry.state |= e.SYN_0 << opener;
}

function addTcp(entry: Entry, slot: Slot, direction: u32): void {
  const flagsAt = e.address(entry) + direction;
  store<u8>(flagsAt, load<u8>(flagsAt, e.TCP_FLAGS) | slot.tcpFlags, e.TCP_FLAGS);
  if (slot.tcpFlags & (TCP_FIN | TCP_RST)) {
    if (slot.tcpFlags & TCP_FIN) entry.state |= e.FIN_0 << direction;
    if (slot.tcpFlags & TCP_RST) entry.state |= e.RESET;
  }
  if (slot.tcpFlagsFirst & TCP_SYN && slot.synNs > slot.firstSeenNs) {
    entry.state |= slot.tcpFlagsFirst & TCP_ACK ? e.SYN_ACK_REPEATED : e.SYN_REPEATED;
  }
  // the initiator's first ACK ends the handshake; slots tell of it in any order, so who opened may be a guess still
  if (slot.ackNs && (!entry.ackNs || slot.ackNs < entry.ackNs) && initiatorDirection(entry) == direction) {
    entry.ackNs = slot.ackNs;
  }
}

/**
 * Quality counters, from the sightings that the record's numbers come from. They wrap in the slot, so differences do,
 * too.
 */
function addQuality(entry: Entry, slot: Slot, shadow: Shadow, direction: u32): void {
  const at = e.address(entry) + (direction << 2);
  const retransmittedPackets = slot.retransmittedPackets - shadow.retransmittedPackets;
  const outOfOrder = slot.outOfOrderPackets - shadow.outOfOrderPackets;
  const zeroWindows = slot.zeroWindows - shadow.zeroWindows;
  if (!(retransmittedPackets | outOfOrder | zeroWindows)) return;
  e.addSaturating(at + e.RETRANSMITTED_PACKETS, retransmittedPackets);
  e.addSaturating(at + e.RETRANSMITTED_BYTES, slot.retransmittedBytes - shadow.retransmittedBytes);
  e.addSaturating(at + e.OUT_OF_ORDER, outOfOrder);
  e.addSaturating(at + e.ZERO_WINDOWS, zeroWindows);
  shadow.retransmittedPackets = slot.retransmittedPackets;
  shadow.retransmittedBytes = slot.retransmittedBytes;
  shadow.outOfOrderPackets = slot.outOfOrderPackets;
  shadow.zeroWindows = slot.zeroWindows;
}

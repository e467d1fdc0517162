// Records on their way out: a ring that one thread fills and another empties. A full ring refuses; then the flow keeps
// counting and its next record is longer.

import { CONTROL_OUT_CONSUMED, CONTROL_OUT_PRODUCED, clocks, settings } from "./memory_map";
import { add64, addMeasures, HANDED_OUT, STAT_OUT_FULL, STAT_RECORDS } from "./books";
import { communityId, isIpv4 } from "./community_id";
import * as e from "./entry";
import { Entry } from "./entry";
import { spanId, traceId } from "./ids";
import { FlowRecord, RECORD_AGGREGATE, RECORD_BYTES, RECORD_FLOW, RECORD_LIVE } from "./record";
import * as r from "./record";
import { samplingHash } from "./sampling";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from "./slot";
import { icmpAsks, KIND_AGGREGATE, KIND_FRAGMENT, KIND_ONE_WAY } from "./tuple";

/** Where Linux begins to pick ports for clients (net.ipv4.ip_local_port_range). */
const EPHEMERAL_PORT_FIRST: u32 = 32768;

/**
 * The direction that the initiator's packets take: SYN, then a question's type, then the higher port, then the first.
 */
export function initiatorDirection(entry: Entry): u32 {
  const state = entry.state;
  if (state & e.ORIENTED) return state & e.INITIATOR_1 ? 1 : 0;
  if (entry.kind & KIND_ONE_WAY) return 0;
  if (state & (e.SYN_0 | e.SYN_1)) return state & e.SYN_0 ? 0 : 1;
  const lowPort = entry.ports & 0xffff;
  const highPort = entry.ports >> 16;
  if (!(entry.kind & KIND_FRAGMENT) && (entry.protocol == PROTOCOL_ICMP || entry.protocol == PROTOCOL_ICMPV6)) {
    return icmpAsks(entry.protocol, lowPort) ? 0 : 1;
  }
  // the lower port is the service's, unless both look picked at random
  if (lowPort != highPort && min<u32>(lowPort, highPort) < EPHEMERAL_PORT_FIRST) return lowPort > highPort ? 0 : 1;
  return state & e.FIRST_1 ? 1 : 0;
}

/** What a direction has that no record has carried yet. */
@inline export function pendingPackets(entry: Entry, direction: u32): u64 {
  return load<u64>(e.countersAt(entry, direction), e.PACKETS) -
    load<u64>(e.address(entry) + (direction << 3), e.PACKETS_HANDED);
}

@inline export function pendingBytes(entry: Entry, direction: u32): u64 {
  return load<u64>(e.countersAt(entry, direction), e.BYTES) -
    load<u64>(e.address(entry) + (direction << 3), e.BYTES_HANDED);
}

/** The same as measures: frames and packets. */
@inline export function pending0(entry: Entry, direction: u32): v128 {
  const frames = i64x2.splat(load<u64>(e.countersAt(entry, direction), e.FRAMES));
  return i64x2.replace_lane(frames, 1, pendingPackets(entry, direction));
}

/** Bytes and wire bytes. */
@inline export function pending1(entry: Entry, direction: u32): v128 {
  const wireBytes = i64x2.splat(load<u64>(e.countersAt(entry, direction), e.WIRE_BYTES));
  return i64x2.replace_lane(wireBytes, 0, pendingBytes(entry, direction));
}

/** Hands out what is pending; false when the ring is full and nothing changed. */
export function handOut(entry: Entry, reason: u8): bool {
  const produced = load<u32>(CONTROL_OUT_PRODUCED);
  if (produced - atomic.load<u32>(CONTROL_OUT_CONSUMED) >= settings().outRecords) {
    add64(STAT_OUT_FULL, 1);
    return false;
  }
  const record = changetype<FlowRecord>(
    <usize>settings().out + <usize>(produced & (settings().outRecords - 1)) * RECORD_BYTES,
  );
  if (!(entry.state & e.ORIENTED)) orient(entry);
  entry.records++;
  fill(record, entry, reason);
  settle(entry);
  add64(STAT_RECORDS, 1);
  atomic.store<u32>(CONTROL_OUT_PRODUCED, produced + 1);
  return true;
}

/** A look at a flow that goes on: the record as it would be now. Changes nothing. */
export function describe(entry: Entry, at: usize): void {
  fill(changetype<FlowRecord>(at), entry, r.REASON_NONE);
  changetype<FlowRecord>(at).what = entry.kind & KIND_AGGREGATE ? RECORD_AGGREGATE : RECORD_LIVE;
}

/** From the first record on, who asked and which connection it is are settled. */
function orient(entry: Entry): void {
  if (initiatorDirection(entry)) entry.state |= e.INITIATOR_1;
  entry.state |= e.ORIENTED;
}

/** The books' side of a record: what was pending is handed out now, and pending no more. */
function settle(entry: Entry): void {
  for (let direction: u32 = 0; direction < 2; direction++) {
    if (e.isCounted(entry, direction)) {
      addMeasures(HANDED_OUT, pending0(entry, direction), pending1(entry, direction));
    }
    const handed = e.address(entry) + (direction << 3);
    const at = e.countersAt(entry, direction);
    store<u64>(handed, load<u64>(at, e.PACKETS), e.PACKETS_HANDED);
    store<u64>(handed, load<u64>(at, e.BYTES), e.BYTES_HANDED);
    store<u64>(at, 0, e.FRAMES);
    store<u64>(at, 0, e.WIRE_BYTES);
  }
  const quality = e.address(entry) + e.RETRANSMITTED_PACKETS;
  v128.store(quality, i64x2.splat(0));
  v128.store(quality, i64x2.splat(0), 16);
  entry.handedMs = <u32>(clocks().nowNs / 1_000_000);
}

function fill(record: FlowRecord, entry: Entry, reason: u8): void {
  const initiator = initiatorDirection(entry);
  record.what = entry.kind & KIND_AGGREGATE ? RECORD_AGGREGATE : RECORD_FLOW;
  record.endReason = reason;
  record.number = entry.records;
  fillTuple(record, entry, initiator);
  fillTimes(record, entry);
  fillDirection(record, 0, entry, initiator);
  fillDirection(record, 1, entry, initiator ^ 1);
  fillSightings(record, entry, initiator);
  const at = changetype<usize>(record);
  traceId(entry, record.startUnixNs, at + offsetof<FlowRecord>("traceId0"));
  const spanAt = at + offsetof<FlowRecord>("spanId");
  spanId(at + offsetof<FlowRecord>("traceId0"), record.startUnixNs, entry.records, entry.domain, spanAt);
  communityId(entry, at + offsetof<FlowRecord>("community0"));
  record.samplingHash = entry.kind & KIND_AGGREGATE ? 0 : samplingHash(entry);
}

function fillTuple(record: FlowRecord, entry: Entry, initiator: u32): void {
  record.protocol = entry.protocol;
  record.ipVersion = isIpv4(entry) ? 4 : 6;
  record.vlan = <u16>(entry.label0 >> e.VLAN_SHIFT);
  record.kind = entry.kind;
  record.prefixBits = entry.kind & KIND_AGGREGATE ? entry.ttl0 : 0;
  record.domain = entry.domain;
  record.source0 = initiator ? entry.high0 : entry.low0;
  record.source1 = initiator ? entry.high1 : entry.low1;
  record.destination0 = initiator ? entry.low0 : entry.high0;
  record.destination1 = initiator ? entry.low1 : entry.high1;
  record.sourcePort = <u16>(initiator ? entry.ports >> 16 : entry.ports);
  record.destinationPort = <u16>(initiator ? entry.ports : entry.ports >> 16);
}

/**
 * The start keeps the anchor of the flow's creation, the end takes the newest: so a step of the wall clock shifts
 * neither.
 */
function fillTimes(record: FlowRecord, entry: Entry): void {
  record.startNs = entry.startNs;
  record.lastSeenNs = entry.lastSeenNs;
  record.startUnixNs = entry.startNs + load<u64>(<usize>settings().anchors + ((<usize>entry.anchor) << 3));
  const end = entry.lastSeenNs + clocks().wallOffsetNs;
  // a wall clock set back between the two would end the flow before it began: then its length counts
  record.endUnixNs = end >= record.startUnixNs ? end : record.startUnixNs + (entry.lastSeenNs - entry.startNs);
  const tcp = entry.protocol == PROTOCOL_TCP;
  record.synAckAfterNs = tcp && entry.synNs && entry.synAckNs > entry.synNs ? entry.synAckNs - entry.synNs : 0;
  record.ackAfterNs = tcp && entry.synAckNs && entry.ackNs > entry.synAckNs ? entry.ackNs - entry.synAckNs : 0;
}

/** Fields of one direction: `side` 0 is the record's forward half, `direction` the entry's. */
function fillDirection(record: FlowRecord, side: u32, entry: Entry, direction: u32): void {
  const from = e.countersAt(entry, direction);
  const narrow = e.address(entry) + (direction << 2);
  const sideBytes = offsetof<FlowRecord>("packetsDelta1") - offsetof<FlowRecord>("packetsDelta0");
  const to = changetype<usize>(record) + side * sideBytes;
  store<u64>(to, pendingPackets(entry, direction), offsetof<FlowRecord>("packetsDelta0"));
  store<u64>(to, load<u64>(from, e.PACKETS), offsetof<FlowRecord>("packetsTotal0"));
  store<u64>(to, pendingBytes(entry, direction), offsetof<FlowRecord>("bytesDelta0"));
  store<u64>(to, load<u64>(from, e.BYTES), offsetof<FlowRecord>("bytesTotal0"));
  store<u64>(to, load<u64>(from, e.WIRE_BYTES), offsetof<FlowRecord>("wireBytesDelta0"));
  store<u64>(to, load<u64>(from, e.FRAMES), offsetof<FlowRecord>("framesDelta0"));
  const words = changetype<usize>(record) + (side << 2);
  store<u32>(words, load<u32>(narrow, e.RETRANSMITTED_PACKETS), offsetof<FlowRecord>("retransmittedPackets0"));
  store<u32>(words, load<u32>(narrow, e.RETRANSMITTED_BYTES), offsetof<FlowRecord>("retransmittedBytes0"));
  store<u32>(words, load<u32>(narrow, e.OUT_OF_ORDER), offsetof<FlowRecord>("outOfOrder0"));
  store<u32>(words, load<u32>(narrow, e.ZERO_WINDOWS), offsetof<FlowRecord>("zeroWindows0"));
  const trafficClass: u32 = load<u8>(e.address(entry) + direction, e.TRAFFIC_CLASS);
  store<u32>(words, load<u32>(narrow, e.LABEL) & e.LABEL_MASK | trafficClass << 24, offsetof<FlowRecord>("label0"));
  const bytes = changetype<usize>(record) + side;
  store<u8>(bytes, load<u8>(e.address(entry) + direction, e.TCP_FLAGS), offsetof<FlowRecord>("tcpFlags0"));
  store<u8>(bytes, load<u8>(e.address(entry) + direction, e.TTL), offsetof<FlowRecord>("ttl0"));
}

function fillSightings(record: FlowRecord, entry: Entry, initiator: u32): void {
  const state = entry.state;
  const forward = initiator;
  const reverse = initiator ^ 1;
  const icmp = entry.protocol == PROTOCOL_ICMP || entry.protocol == PROTOCOL_ICMPV6;
  let facts: u32 = 0;
  if (state & (e.COUNTED_0 << forward)) facts |= r.FACT_COUNTED_FORWARD;
  if (state & (e.COUNTED_0 << reverse)) facts |= r.FACT_COUNTED_REVERSE;
  if (state & (e.SYN_0 | e.SYN_1)) facts |= r.FACT_SYN;
  if (state & (e.LOCAL_0 << forward)) facts |= r.FACT_LOCAL_SOURCE;
  if (state & (e.LOCAL_0 << reverse)) facts |= r.FACT_LOCAL_DESTINATION;
  if (!icmp && state & e.SYN_REPEATED) facts |= r.FACT_SYN_REPEATED;
  if (!icmp && state & e.SYN_ACK_REPEATED) facts |= r.FACT_SYN_ACK_REPEATED;
  if (state & e.SEQUENCE_KNOWN) facts |= r.FACT_SEQUENCE;
  if (icmp && state & (e.ICMP_0 << forward)) facts |= r.FACT_ICMP_FORWARD;
  if (icmp && state & (e.ICMP_0 << reverse)) facts |= r.FACT_ICMP_REVERSE;
  if (state & e.MORE_INTERFACES) facts |= r.FACT_MORE_INTERFACES;
  record.facts = facts;
  record.initialSequence = icmp ? 0 : entry.sequenceOrIcmp;
  record.icmp = icmp ? rotl<u32>(entry.sequenceOrIcmp, initiator << 4) : 0;
  record.interface0 = entry.interface0;
  record.interface1 = entry.interface1;
  record.interface2 = entry.interface2;
  record.interface3 = entry.interface3;
  record.mac0 = entry.mac0;
  record.mac1 = entry.mac1;
}

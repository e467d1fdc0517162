// One flow, both directions, in four cache lines. Direction 0 runs from the low endpoint to the high one (tuple.ts).
//
// ┌──────────┬──────────┬──────┬──────┬─────┬──────┬──────┬──────────┐
// │ low   16 │ high  16 │ ports│domain│ p k │ state│ last │flags, ttl│  who, when, how     line 0
// ├──────────┴──────────┴──────┴────┬─┴─────┴──────┴──────┴──────────┤
// │ frames packets bytes wire bytes │ the same of direction 1        │  how much           line 1
// ├──────────────┬──────────────┬───┴──┬──────┬──────┬───────────────┤
// │ packets   ×2 │ bytes     ×2 │ start│ SYN  │ S-ACK│ ACK           │  handed out, when   line 2
// ├──────────────┴──────────────┴──────┴──────┴──────┴───────────────┤
// │ retransmitted, out of order, zero windows, labels, MAC, points   │  how well, where    line 3
// └──────────────────────────────────────────────────────────────────┘
//
// A sighting of a flow that goes on touches the first two lines alone: with many flows, lines are what counting costs.
// Packets and bytes are totals, of which part was handed out; frames, wire bytes and the TCP quality counters are what
// came since the last record, because no record carries their total.

import { hashIdentity } from "./hash";
import { Sighting } from "./sighting";

@unmanaged
export class Entry {
  low0: u64;
  low1: u64;
  high0: u64;
  high1: u64;
  ports: u32;
  domain: u32;
  protocol: u8;
  kind: u8;
  trafficClass0: u8; // of the last packet
  trafficClass1: u8;
  state: u32;
  lastSeenNs: u64;
  tcpFlags0: u8;
  tcpFlags1: u8;
  ttl0: u8;
  ttl1: u8;
  interface0: u16; // ids of the interfaces that saw it, in that order; 0: none
  interface1: u16;

  frames0: u64;
  packets0: u64;
  bytes0: u64;
  wireBytes0: u64;
  frames1: u64;
  packets1: u64;
  bytes1: u64;
  wireBytes1: u64;

  packetsHanded0: u64;
  packetsHanded1: u64;
  bytesHanded0: u64;
  bytesHanded1: u64;
  startNs: u64;
  synNs: u64; // the initiator's first SYN; 0: not seen
  synAckNs: u64;
  ackNs: u64;

  retransmittedPackets0: u32;
  retransmittedPackets1: u32;
  retransmittedBytes0: u32;
  retransmittedBytes1: u32;
  outOfOrder0: u32;
  outOfOrder1: u32;
  zeroWindows0: u32;
  zeroWindows1: u32;
  label0: u32; // IPv6 flow label, 20 bits; above it the VLAN
  label1: u32; // IPv6 flow label
  sequenceOrIcmp: u32; // TCP: the initiator's initial sequence number; ICMP: type and code of each direction
  handedMs: u32; // when the last record went out; the start before the first one
  records: u32;
  interface2: u16;
  interface3: u16;
  mac0: u32; // source MAC of the first sighting
  mac1: u16;
  anchor: u16;
}

export const ENTRY_BYTES: u32 = 256;
export const INTERFACES_LISTED: u32 = 4;

/** Entry.state */
export const LIVE: u32 = 1 << 0;
export const DETACHED: u32 = 1 << 1; // its ports belong to a newer connection; only its last record is still owed
export const COUNTED_0: u32 = 1 << 2; // direction 0 has sightings that count; else its numbers are one point's view
export const COUNTED_1: u32 = 1 << 3;
export const SYN_0: u32 = 1 << 4; // direction 0 opened the connection
export const SYN_1: u32 = 1 << 5;
export const FIRST_1: u32 = 1 << 6; // the first packet seen ran in direction 1
export const ORIENTED: u32 = 1 << 7; // a record went out: initiator, identity and start are fixed
export const INITIATOR_1: u32 = 1 << 8; // valid once ORIENTED
export const SEQUENCE_KNOWN: u32 = 1 << 9;
export const SYN_REPEATED: u32 = 1 << 10; // handshake times are no round trip then (Karn)
export const SYN_ACK_REPEATED: u32 = 1 << 11;
export const ICMP_0: u32 = SYN_REPEATED; // of ICMP: sequenceOrIcmp holds direction 0's type and code
export const ICMP_1: u32 = SYN_ACK_REPEATED;
export const LOCAL_0: u32 = 1 << 12; // the endpoint that sends in direction 0 is on this node
export const LOCAL_1: u32 = 1 << 13;
export const MORE_INTERFACES: u32 = 1 << 14;
export const FIN_0: u32 = 1 << 15;
export const FIN_1: u32 = 1 << 16;
export const RESET: u32 = 1 << 17;
export const ACKED: u32 = 1 << 18; // ackNs is not 0
export const LABELLED: u32 = 1 << 19; // one of the labels is not 0
export const OWN_SHIFT: u32 = 20; // 2 bits: place of the interface whose sighting counts; valid with OWN
export const OWN: u32 = 1 << 22;
/**
 * Per direction 4 bits: the point whose view stands in for counting sightings: place of its interface (2), hook, valid.
 */
export const VIEW_SHIFT_0: u32 = 23;
export const VIEW_SHIFT_1: u32 = 27;
export const VIEW_VALID: u32 = 1 << 3;

/** A direction's counters, in the slot's order; the second direction's stand COUNTERS_BYTES further on. */
export const COUNTERS: usize = 64;
export const COUNTERS_BYTES: usize = 32;
export const FRAMES: usize = COUNTERS;
export const PACKETS: usize = COUNTERS + 8;
export const BYTES: usize = COUNTERS + 16;
export const WIRE_BYTES: usize = COUNTERS + 24;

/** Offsets of pairs: the second direction's field stands directly behind the first's. */
export const TRAFFIC_CLASS: usize = 42;
export const TCP_FLAGS: usize = 56;
export const TTL: usize = 58;
export const INTERFACES: usize = 60;
export const PACKETS_HANDED: usize = 128;
export const BYTES_HANDED: usize = 144;
export const RETRANSMITTED_PACKETS: usize = 192;
export const RETRANSMITTED_BYTES: usize = 200;
export const OUT_OF_ORDER: usize = 208;
export const ZERO_WINDOWS: usize = 216;
export const LABEL: usize = 224;
export const INTERFACES_FURTHER: usize = 244;

export const LABEL_MASK: u32 = 0xfffff;
export const VLAN_SHIFT: u32 = 20;

const PORTS_DOMAIN: usize = 32;
const PROTOCOL_KIND: usize = 40;

@inline export function address(entry: Entry): usize {
  return changetype<usize>(entry);
}

/** Where a direction's counters stand, less COUNTERS. */
@inline export function countersAt(entry: Entry, direction: u32): usize {
  return address(entry) + (<usize>direction << 5);
}

/** Whether the entry has the sighting's identity. */
@inline export function isFlowOf(entry: Entry, sighting: Sighting): bool {
  const a = address(entry);
  const b = changetype<usize>(sighting);
  const differ = v128.or(
    v128.xor(v128.load(a), v128.load(b)),
    v128.xor(v128.load(a, 16), v128.load(b, 16)),
  );
  return !v128.any_true(differ) && load<u64>(a, PORTS_DOMAIN) == sighting.portsDomain &&
    load<u16>(a, PROTOCOL_KIND) == sighting.protocolKind;
}

/** Protocol, kind << 8. */
@inline export function protocolKind(entry: Entry): u32 {
  return load<u16>(address(entry), PROTOCOL_KIND);
}

/** Makes a zeroed entry the sighting's flow. */
@inline export function setIdentity(entry: Entry, sighting: Sighting): void {
  const a = address(entry);
  const b = changetype<usize>(sighting);
  v128.store(a, v128.load(b));
  v128.store(a, v128.load(b, 16), 16);
  store<u64>(a, sighting.portsDomain, PORTS_DOMAIN);
  store<u16>(a, sighting.protocolKind, PROTOCOL_KIND);
}

/** The identity's hash, for the index. */
@inline export function hashOf(entry: Entry): u64 {
  const a = address(entry);
  return hashIdentity(
    entry.low0, entry.low1, entry.high0, entry.high1, load<u64>(a, PORTS_DOMAIN), load<u16>(a, PROTOCOL_KIND),
  );
}

@inline export function isCounted(entry: Entry, direction: u32): bool {
  return (entry.state & (COUNTED_0 << direction)) != 0;
}

/** Adds to one of the saturating counters: past 2^32 − 1 it stays there, still a lower bound. */
@inline export function addSaturating(at: usize, value: u32): void {
  const sum = <u64>load<u32>(at) + value;
  store<u32>(at, sum > 0xffffffff ? 0xffffffff : <u32>sum);
}

// One flow, both directions, in four cache lines. Direction 0 runs from the low endpoint to the high one (tuple.ts).
//
// ┌──────────┬──────────┬─────┬─────┬──────┬──────┬──────┬──────────┐
// │ low   16 │ high  16 │ports│p k v│domain│ state│ last │ start    │  who, when          line 0
// ├──────────┴───┬──────┴─────┴─┬───┴──────┴───┬──┴──────┴──────────┤
// │ packets   ×2 │ bytes     ×2 │ wire bytes×2 │ frames          ×2 │  how much           line 1
// ├──────────────┼──────────────┼──────┬───────┼──────┬──────┬──────┤
// │ packets   ×2 │ bytes     ×2 │ SYN  │SYN-ACK│ ACK  │ time │ count│  handed out         line 2
// ├──────────────┴──────────────┴──────┴───────┴──────┴──────┴──────┤
// │ retransmitted, out of order, zero windows, labels, MAC, points  │  how well, where    line 3
// └──────────────────────────────────────────────────────────────────┘
//
// Packets and bytes are totals, of which part was handed out; frames, wire bytes and the TCP quality counters are what
// came since the last record, because no record carries their total.

import * as tuple from "./tuple";

@unmanaged
export class Entry {
  low0: u64;
  low1: u64;
  high0: u64;
  high1: u64;
  ports: u32;
  protocol: u8;
  kind: u8;
  vlan: u16;
  domain: u32;
  state: u32;
  lastSeenNs: u64;
  startNs: u64;

  packets0: u64;
  packets1: u64;
  bytes0: u64;
  bytes1: u64;
  wireBytes0: u64;
  wireBytes1: u64;
  frames0: u64;
  frames1: u64;

  packetsHanded0: u64;
  packetsHanded1: u64;
  bytesHanded0: u64;
  bytesHanded1: u64;
  synNs: u64; // the initiator's first SYN; 0: not seen
  synAckNs: u64;
  ackNs: u64;
  handedMs: u32; // when the last record went out; the start before the first one
  records: u32;

  retransmittedPackets0: u32;
  retransmittedPackets1: u32;
  retransmittedBytes0: u32;
  retransmittedBytes1: u32;
  outOfOrder0: u32;
  outOfOrder1: u32;
  zeroWindows0: u32;
  zeroWindows1: u32;
  label0: u32; // IPv6 flow label, traffic class << 24
  label1: u32;
  sequenceOrIcmp: u32; // TCP: the initiator's initial sequence number; ICMP: type and code of each direction
  interface0: u16; // ids of the interfaces that saw it, in that order; 0: none
  interface1: u16;
  interface2: u16;
  interface3: u16;
  mac0: u32; // source MAC of the first sighting
  mac1: u16;
  anchor: u16;
  tcpFlags0: u8;
  tcpFlags1: u8;
  ttl0: u8;
  ttl1: u8;
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
export const LOCAL_0: u32 = 1 << 12; // the endpoint that sends in direction 0 is on this node
export const LOCAL_1: u32 = 1 << 13;
export const MORE_INTERFACES: u32 = 1 << 14;
export const FIN_0: u32 = 1 << 15;
export const FIN_1: u32 = 1 << 16;
export const RESET: u32 = 1 << 17;
export const ICMP_0: u32 = 1 << 18; // sequenceOrIcmp holds direction 0's type and code
export const ICMP_1: u32 = 1 << 19;
export const OWN_SHIFT: u32 = 20; // 2 bits: place of the interface whose sighting counts; valid with OWN
export const OWN: u32 = 1 << 22;
/**
 * Per direction 4 bits: the point whose view stands in for counting sightings: place of its interface (2), hook, valid.
 */
export const VIEW_SHIFT_0: u32 = 23;
export const VIEW_SHIFT_1: u32 = 27;
export const VIEW_VALID: u32 = 1 << 3;

/** Offsets of pairs: the second direction's field stands directly behind the first's. */
export const PACKETS: usize = 64;
export const BYTES: usize = 80;
export const WIRE_BYTES: usize = 96;
export const FRAMES: usize = 112;
export const PACKETS_HANDED: usize = 128;
export const BYTES_HANDED: usize = 144;
export const RETRANSMITTED_PACKETS: usize = 192;
export const RETRANSMITTED_BYTES: usize = 200;
export const OUT_OF_ORDER: usize = 208;
export const ZERO_WINDOWS: usize = 216;
export const LABEL: usize = 224;
export const INTERFACES: usize = 236;
export const TCP_FLAGS: usize = 252;
export const TTL: usize = 254;

@inline export function address(entry: Entry): usize {
  return changetype<usize>(entry);
}

/** Whether the entry has the identity that stands in tuple's variables. */
@inline export function isTuple(entry: Entry): bool {
  return ((entry.low0 ^ tuple.low0) | (entry.low1 ^ tuple.low1) | (entry.high0 ^ tuple.high0) |
      (entry.high1 ^ tuple.high1)) == 0 &&
    entry.ports == tuple.ports &&
    (((<u64>entry.protocol) | ((<u64>entry.kind) << 8) | ((<u64>entry.domain) << 32)) == tuple.protocolKindDomain);
}

/** Makes a zeroed entry the flow in tuple's variables. */
@inline export function setTuple(entry: Entry): void {
  entry.low0 = tuple.low0;
  entry.low1 = tuple.low1;
  entry.high0 = tuple.high0;
  entry.high1 = tuple.high1;
  entry.ports = tuple.ports;
  entry.protocol = <u8>tuple.protocolKindDomain;
  entry.kind = <u8>(tuple.protocolKindDomain >> 8);
  entry.domain = <u32>(tuple.protocolKindDomain >> 32);
}

@inline export function isCounted(entry: Entry, direction: u32): bool {
  return (entry.state & (COUNTED_0 << direction)) != 0;
}

/** Adds to one of the saturating counters: past 2^32 − 1 it stays there, still a lower bound. */
@inline export function addSaturating(at: usize, value: u32): void {
  const sum = <u64>load<u32>(at) + value;
  store<u32>(at, sum > 0xffffffff ? 0xffffffff : <u32>sum);
}

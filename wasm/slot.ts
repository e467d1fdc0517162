// The kernel's slot as bpf/slot.h lays it out: 192 bytes, read only.

export const SLOT_BYTES: u32 = 192;

@unmanaged
export class Slot {
  generation: u32;
  index: u32;
  source0: u64;
  source1: u64;
  destination0: u64;
  destination1: u64;
  sourcePort: u16;
  destinationPort: u16;
  protocol: u8;
  flags: u8;
  vlan: u16;
  vlanInner: u16;
  keyReserved: u16;
  ifindex: u32;
  ingressIfindex: u32;
  tunnelId: u32;

  frames: u64;
  packets: u64;
  bytes: u64;
  wireBytes: u64;
  firstSeenNs: u64;
  lastSeenNs: u64;
  sequenceNext: u32;
  tcpFlags: u8;
  tcpFlagsFirst: u8;
  ttl: u8;
  trafficClass: u8;
  holeBegin: u32;
  holeEnd: u32;

  synNs: u64;
  ackNs: u64;
  sequenceFirst: u32;
  acknowledgmentFirst: u32;
  retransmittedPackets: u32;
  retransmittedBytes: u32;
  outOfOrderPackets: u32;
  zeroWindows: u32;
  flowLabel: u32;
  sourceMac0: u32;
  sourceMac1: u16;
  destinationMac0: u16;
  destinationMac1: u32;
  ethertype: u16;
  notes: u8;
  sequenceFloor: u32;
}

/** Several fields at a time: here, every access to memory has its bounds checked in code. */

/** Ports, protocol << 32, flags << 40, VLAN << 48. */
@inline export function keyWord(slot: Slot): u64 {
  return load<u64>(changetype<usize>(slot), offsetof<Slot>("sourcePort"));
}

/** Inner VLAN, ifindex << 32. */
@inline export function deviceWord(slot: Slot): u64 {
  return load<u64>(changetype<usize>(slot), offsetof<Slot>("vlanInner"));
}

/** Next sequence number, TCP flags << 32, the first packet's << 40, TTL << 48, traffic class << 56. */
@inline export function lastWord(slot: Slot): u64 {
  return load<u64>(changetype<usize>(slot), offsetof<Slot>("sequenceNext"));
}

/** Slot.flags */
export const KEY_EGRESS: u8 = 1;
export const KEY_FRAGMENT: u8 = 2;

export const TCP_FIN: u8 = 0x01;
export const TCP_SYN: u8 = 0x02;
export const TCP_RST: u8 = 0x04;
export const TCP_ACK: u8 = 0x10;

export const PROTOCOL_ICMP: u8 = 1;
export const PROTOCOL_TCP: u8 = 6;
export const PROTOCOL_UDP: u8 = 17;
export const PROTOCOL_ICMPV6: u8 = 58;
export const PROTOCOL_SCTP: u8 = 132;

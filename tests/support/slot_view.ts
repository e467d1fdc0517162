/** A kernel slot as tests read it: bpf/slot.h, decoded whole. tests/layout_test.ts compares the offsets. */
import { addressText } from "../../src/address.ts";
import { SLOT_BYTES } from "../../src/limits.ts";

/** Offsets of struct slot. */
export const SLOT_OFFSETS = {
  generation: 0,
  index: 4,
  source: 8,
  destination: 24,
  source_port: 40,
  destination_port: 42,
  protocol: 44,
  flags: 45,
  vlan: 46,
  vlan_inner: 48,
  ifindex: 52,
  ingress_ifindex: 56,
  tunnel_id: 60,
  frames: 64,
  packets: 72,
  bytes: 80,
  wire_bytes: 88,
  first_seen_ns: 96,
  last_seen_ns: 104,
  sequence_next: 112,
  tcp_flags: 116,
  tcp_flags_first: 117,
  ttl: 118,
  traffic_class: 119,
  hole_begin: 120,
  hole_end: 124,
  syn_ns: 128,
  ack_ns: 136,
  sequence_first: 144,
  acknowledgment_first: 148,
  retransmitted_packets: 152,
  retransmitted_bytes: 156,
  out_of_order_packets: 160,
  zero_windows: 164,
  flow_label: 168,
  source_mac: 172,
  destination_mac: 178,
  ethertype: 184,
  notes: 186,
  sequence_floor: 188,
} as const;

export interface SlotView {
  generation: number;
  index: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  /** 1: egress, 2: fragment */
  flags: number;
  vlan: number;
  vlanInner: number;
  ifindex: number;
  ingressIfindex: number;
  frames: number;
  packets: number;
  bytes: number;
  wireBytes: number;
  firstSeenNs: bigint;
  lastSeenNs: bigint;
  tcpFlags: number;
  tcpFlagsFirst: number;
  ttl: number;
  trafficClass: number;
  synNs: bigint;
  ackNs: bigint;
  sequenceFirst: number;
  sequenceNext: number;
  acknowledgmentFirst: number;
  retransmittedPackets: number;
  retransmittedBytes: number;
  outOfOrderPackets: number;
  zeroWindows: number;
  flowLabel: number;
  sourceMac: string;
  destinationMac: string;
  ethertype: number;
  /** 1: several holes in the sequence, of which no counts are taken */
  notes: number;
}

export function readSlot(memory: ArrayBufferLike, at: number): SlotView {
  const view = new DataView(memory, at, SLOT_BYTES);
  const bytes = new Uint8Array(memory, at, SLOT_BYTES);
  const o = SLOT_OFFSETS;
  const u32 = (offset: number) => view.getUint32(offset, true);
  const u16 = (offset: number) => view.getUint16(offset, true);
  const u64 = (offset: number) => view.getBigUint64(offset, true);
  return {
    generation: u32(o.generation),
    index: u32(o.index),
    source: addressText(bytes.subarray(o.source, o.source + 16)),
    destination: addressText(bytes.subarray(o.destination, o.destination + 16)),
    sourcePort: u16(o.source_port),
    destinationPort: u16(o.destination_port),
    protocol: view.getUint8(o.protocol),
    flags: view.getUint8(o.flags),
    vlan: u16(o.vlan),
    vlanInner: u16(o.vlan_inner),
    ifindex: u32(o.ifindex),
    ingressIfindex: u32(o.ingress_ifindex),
    frames: Number(u64(o.frames)),
    packets: Number(u64(o.packets)),
    bytes: Number(u64(o.bytes)),
    wireBytes: Number(u64(o.wire_bytes)),
    firstSeenNs: u64(o.first_seen_ns),
    lastSeenNs: u64(o.last_seen_ns),
    tcpFlags: view.getUint8(o.tcp_flags),
    tcpFlagsFirst: view.getUint8(o.tcp_flags_first),
    ttl: view.getUint8(o.ttl),
    trafficClass: view.getUint8(o.traffic_class),
    synNs: u64(o.syn_ns),
    ackNs: u64(o.ack_ns),
    sequenceFirst: u32(o.sequence_first),
    sequenceNext: u32(o.sequence_next),
    acknowledgmentFirst: u32(o.acknowledgment_first),
    retransmittedPackets: u32(o.retransmitted_packets),
    retransmittedBytes: u32(o.retransmitted_bytes),
    outOfOrderPackets: u32(o.out_of_order_packets),
    zeroWindows: u32(o.zero_windows),
    flowLabel: u32(o.flow_label),
    sourceMac: bytes.slice(o.source_mac, o.source_mac + 6).toHex(),
    destinationMac: bytes.slice(o.destination_mac, o.destination_mac + 6).toHex(),
    ethertype: u16(o.ethertype),
    notes: view.getUint8(o.notes),
  };
}

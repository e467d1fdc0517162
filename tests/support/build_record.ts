/** A flow record made by hand, for what reads records. */
import { FlowRecord, RECORD_BYTES, RECORD_OFFSETS as AT } from "../../src/flow_record.ts";
import { mapped } from "./slot_writer.ts";

export interface SideFields {
  packets?: number;
  packetsTotal?: number;
  bytes?: number;
  bytesTotal?: number;
  wireBytes?: number;
  frames?: number;
  retransmittedPackets?: number;
  retransmittedBytes?: number;
  outOfOrder?: number;
  zeroWindows?: number;
  tcpFlags?: number;
  ttl?: number;
  flowLabel?: number;
  trafficClass?: number;
  icmpType?: number;
  icmpCode?: number;
}

export interface RecordFields {
  what?: number;
  endReason?: number;
  protocol?: number;
  kind?: number;
  vlan?: number;
  prefixBits?: number;
  source?: string;
  destination?: string;
  sourcePort?: number;
  destinationPort?: number;
  startUnixNs?: bigint;
  endUnixNs?: bigint;
  forward?: SideFields;
  reverse?: SideFields;
  synAckAfterNs?: bigint;
  ackAfterNs?: bigint;
  traceId?: string;
  spanId?: string;
  communityId?: string;
  number?: number;
  interfaces?: number[];
  sourceMac?: string;
  facts?: number;
  samplingHash?: number;
}

export function buildRecord(fields: RecordFields = {}): FlowRecord {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const source = fields.source ?? "10.0.0.1";
  view.setUint8(AT.what, fields.what ?? 0);
  view.setUint8(AT.endReason, fields.endReason ?? 0);
  view.setUint8(AT.protocol, fields.protocol ?? 17);
  view.setUint8(AT.ipVersion, source.includes(":") ? 6 : 4);
  view.setUint16(AT.sourcePort, fields.sourcePort ?? 40_009, true);
  view.setUint16(AT.destinationPort, fields.destinationPort ?? 443, true);
  view.setUint16(AT.vlan, fields.vlan ?? 0, true);
  view.setUint8(AT.kind, fields.kind ?? 0);
  view.setUint8(AT.prefixBits, fields.prefixBits ?? 0);
  bytes.set(mapped(source), AT.source0);
  bytes.set(mapped(fields.destination ?? "10.0.0.2"), AT.destination0);
  view.setBigUint64(AT.startUnixNs, fields.startUnixNs ?? 0n, true);
  view.setBigUint64(AT.endUnixNs, fields.endUnixNs ?? 0n, true);
  view.setBigUint64(AT.synAckAfterNs, fields.synAckAfterNs ?? 0n, true);
  view.setBigUint64(AT.ackAfterNs, fields.ackAfterNs ?? 0n, true);
  bytes.set(Uint8Array.fromHex(fields.traceId ?? "".padStart(32, "0")), AT.traceId0);
  bytes.set(Uint8Array.fromHex(fields.spanId ?? "".padStart(16, "0")), AT.spanId);
  bytes.set(Uint8Array.fromBase64(fields.communityId ?? ""), AT.community0);
  view.setUint32(AT.number, fields.number ?? 1, true);
  for (const [i, id] of (fields.interfaces ?? []).entries()) view.setUint16(AT.interface0 + i * 2, id, true);
  bytes.set(Uint8Array.fromHex(fields.sourceMac ?? ""), AT.mac0);
  view.setUint32(AT.facts, fields.facts ?? 0, true);
  view.setUint32(AT.samplingHash, fields.samplingHash ?? 0, true);
  fillSide(view, 0, fields.forward ?? {});
  fillSide(view, 1, fields.reverse ?? {});
  return new FlowRecord(bytes.buffer).moveTo(0);
}

function fillSide(view: DataView, side: 0 | 1, fields: SideFields): void {
  const wide = side * (AT.packetsDelta1 - AT.packetsDelta0);
  const { packets = 0, bytes = 0 } = fields;
  const u64 = (at: number, value: number) => view.setBigUint64(at + wide, BigInt(value), true);
  const u32 = (at: number, value = 0) => view.setUint32(at + side * 4, value, true);
  u64(AT.packetsDelta0, packets);
  u64(AT.packetsTotal0, fields.packetsTotal ?? packets);
  u64(AT.bytesDelta0, bytes);
  u64(AT.bytesTotal0, fields.bytesTotal ?? bytes);
  u64(AT.wireBytesDelta0, fields.wireBytes ?? bytes);
  u64(AT.framesDelta0, fields.frames ?? packets);
  u32(AT.retransmittedPackets0, fields.retransmittedPackets);
  u32(AT.retransmittedBytes0, fields.retransmittedBytes);
  u32(AT.outOfOrder0, fields.outOfOrder);
  u32(AT.zeroWindows0, fields.zeroWindows);
  u32(AT.label0, ((fields.flowLabel ?? 0) | ((fields.trafficClass ?? 0) << 24)) >>> 0);
  view.setUint8(AT.tcpFlags0 + side, fields.tcpFlags ?? 0);
  view.setUint8(AT.ttl0 + side, fields.ttl ?? 0);
  view.setUint8(AT.icmp + side * 2, fields.icmpType ?? 0);
  view.setUint8(AT.icmp + side * 2 + 1, fields.icmpCode ?? 0);
}

/** A flow record copied out of the memory that it lies in, as tests read it. */
import { addressText } from "../../src/address.ts";
import type { FlowRecord, Side } from "../../src/flow_record.ts";

export interface SideView {
  packets: number;
  packetsTotal: number;
  bytes: number;
  bytesTotal: number;
  wireBytes: number;
  frames: number;
  retransmittedPackets: number;
  retransmittedBytes: number;
  outOfOrder: number;
  zeroWindows: number;
  tcpFlags: number;
  ttl: number;
  flowLabel: number;
  trafficClass: number;
  icmpType: number;
  icmpCode: number;
}

export interface RecordView {
  what: number;
  endReason: number;
  protocol: number;
  ipVersion: number;
  isFragment: boolean;
  vlan: number;
  prefixBits: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  startUnixNs: bigint;
  endUnixNs: bigint;
  forward: SideView;
  reverse: SideView;
  synAckAfterNs: number;
  ackAfterNs: number;
  traceId: string;
  spanId: string;
  communityId: string;
  number: number;
  interfaces: number[];
  sourceMac: string;
  initialSequence: number;
  samplingHash: number;
  has(fact: number): boolean;
}

export function viewRecord(record: FlowRecord): RecordView {
  const facts = Array.from({ length: 32 }, (_, bit) => 1 << bit).filter((fact) => record.has(fact))
    .reduce((all, fact) => all | fact, 0);
  return {
    what: record.what,
    endReason: record.endReason,
    protocol: record.protocol,
    ipVersion: record.ipVersion,
    isFragment: record.isFragment,
    vlan: record.vlan,
    prefixBits: record.prefixBits,
    source: addressText(record.sourceAddress),
    destination: addressText(record.destinationAddress),
    sourcePort: record.sourcePort,
    destinationPort: record.destinationPort,
    startUnixNs: record.startUnixNs,
    endUnixNs: record.endUnixNs,
    forward: viewSide(record, 0),
    reverse: viewSide(record, 1),
    synAckAfterNs: record.synAckAfterNs,
    ackAfterNs: record.ackAfterNs,
    traceId: record.traceId.toHex(),
    spanId: record.spanId.toHex(),
    communityId: `1:${record.communityId.toBase64()}`,
    number: record.number,
    interfaces: ([0, 1, 2, 3] as const).map((place) => record.interfaceId(place)).filter((id) => id !== 0),
    sourceMac: record.sourceMac.toHex(),
    initialSequence: record.initialSequence,
    samplingHash: record.samplingHash,
    has: (fact) => (facts & fact) !== 0,
  };
}

function viewSide(record: FlowRecord, side: Side): SideView {
  return {
    packets: record.packetsDelta(side),
    packetsTotal: record.packetsTotal(side),
    bytes: record.bytesDelta(side),
    bytesTotal: record.bytesTotal(side),
    wireBytes: record.wireBytesDelta(side),
    frames: record.framesDelta(side),
    retransmittedPackets: record.retransmittedPackets(side),
    retransmittedBytes: record.retransmittedBytes(side),
    outOfOrder: record.outOfOrder(side),
    zeroWindows: record.zeroWindows(side),
    tcpFlags: record.tcpFlags(side),
    ttl: record.ttl(side),
    flowLabel: record.flowLabel(side),
    trafficClass: record.trafficClass(side),
    icmpType: record.icmpType(side),
    icmpCode: record.icmpCode(side),
  };
}

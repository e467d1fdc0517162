// A record as it is handed out: 320 bytes, source = initiator. src/flow_record.ts reads it.

@unmanaged
export class FlowRecord {
  what: u8; // RECORD_…
  endReason: u8;
  protocol: u8;
  ipVersion: u8;
  sourcePort: u16;
  destinationPort: u16;
  vlan: u16;
  kind: u8; // tuple.ts
  prefixBits: u8; // of an aggregate's addresses
  domain: u32;
  source0: u64;
  source1: u64;
  destination0: u64;
  destination1: u64;
  startUnixNs: u64;
  endUnixNs: u64;

  // per direction, forward first
  packetsDelta0: u64;
  packetsTotal0: u64;
  bytesDelta0: u64;
  bytesTotal0: u64;
  wireBytesDelta0: u64;
  framesDelta0: u64;
  packetsDelta1: u64;
  packetsTotal1: u64;
  bytesDelta1: u64;
  bytesTotal1: u64;
  wireBytesDelta1: u64;
  framesDelta1: u64;

  synAckAfterNs: u64; // SYN to SYN-ACK; 0: unknown
  ackAfterNs: u64; // SYN-ACK to ACK; 0: unknown
  retransmittedPackets0: u32;
  retransmittedPackets1: u32;
  retransmittedBytes0: u32;
  retransmittedBytes1: u32;
  outOfOrder0: u32;
  outOfOrder1: u32;
  zeroWindows0: u32;
  zeroWindows1: u32;

  traceId0: u64;
  traceId1: u64;
  spanId: u64;
  community0: u64;
  community1: u64;
  community2: u32;
  number: u32;

  tcpFlags0: u8;
  tcpFlags1: u8;
  ttl0: u8;
  ttl1: u8;
  label0: u32;
  label1: u32;
  icmp: u32;
  interface0: u16;
  interface1: u16;
  interface2: u16;
  interface3: u16;
  mac0: u32;
  mac1: u16;
  reserved0: u16;
  facts: u32; // FACT_…
  initialSequence: u32;
  startNs: u64; // CLOCK_MONOTONIC
  lastSeenNs: u64;
  samplingHash: u32; // of an aggregate 0
  reserved1: u32;
}

export const RECORD_BYTES: u32 = 320;

/** FlowRecord.what */
export const RECORD_FLOW: u8 = 0;
export const RECORD_AGGREGATE: u8 = 1;
export const RECORD_LIVE: u8 = 2; // a look at a flow that goes on; nothing was handed out
export const RECORD_QUEUE_AGGREGATE: u8 = 3; // made by a full queue, never here

/** FlowRecord.endReason: IPFIX flowEndReason (RFC 5102, 5.11.3). */
export const REASON_NONE: u8 = 0;
export const REASON_IDLE: u8 = 1;
export const REASON_ACTIVE: u8 = 2;
export const REASON_END: u8 = 3;
export const REASON_FORCED: u8 = 4;

/** FlowRecord.facts */
export const FACT_COUNTED_FORWARD: u32 = 1 << 0;
export const FACT_COUNTED_REVERSE: u32 = 1 << 1;
export const FACT_SYN: u32 = 1 << 2; // who opened the connection is known, not inferred
export const FACT_LOCAL_SOURCE: u32 = 1 << 3;
export const FACT_LOCAL_DESTINATION: u32 = 1 << 4;
export const FACT_SYN_REPEATED: u32 = 1 << 5;
export const FACT_SYN_ACK_REPEATED: u32 = 1 << 6;
export const FACT_SEQUENCE: u32 = 1 << 7; // initialSequence is valid
export const FACT_ICMP_FORWARD: u32 = 1 << 8;
export const FACT_ICMP_REVERSE: u32 = 1 << 9;
export const FACT_MORE_INTERFACES: u32 = 1 << 10;
export const FACT_KEPT_ANYWAY: u32 = 1 << 11; // set by the host: sampling would not have left it out

// A record's attributes; src/export/attributes.ts says what each means. This is the fast way of saying the same:
// tests/export/otlp compare the two on random records.

import * as r from "../record";
import { FlowRecord } from "../record";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from "../slot";
import { KIND_FRAGMENT } from "../tuple";
import { aggregateNumbers, flowNumbers, quality } from "./numbers";
import * as p from "./pieces";
import { piece } from "./pieces";
import { closeText, copyKnown, copyPiece, int } from "./protobuf";
import { addressText, decimalByte, macText } from "./text";

const TCP_FIN: u32 = 0x01;
const TCP_SYN: u32 = 0x02;
const TCP_RST: u32 = 0x04;
const TCP_ACK: u32 = 0x10;

/** From the first reverse field to the forward one. */
const SIDE: usize = offsetof<FlowRecord>("packetsDelta1") - offsetof<FlowRecord>("packetsDelta0");

export function attributes(out: usize, record: FlowRecord): usize {
  const isAggregate = record.what == r.RECORD_AGGREGATE || record.what == r.RECORD_QUEUE_AGGREGATE;
  const isPart = (record.kind & KIND_FRAGMENT) != 0;
  const isTcp = record.protocol == PROTOCOL_TCP && !isPart;
  const isIcmp = (record.protocol == PROTOCOL_ICMP || record.protocol == PROTOCOL_ICMPV6) && !isPart;
  out = address(out, p.SOURCE_ADDRESS, changetype<usize>(record) + offsetof<FlowRecord>("source0"), record, isAggregate);
  out = address(
    out,
    p.DESTINATION_ADDRESS,
    changetype<usize>(record) + offsetof<FlowRecord>("destination0"),
    record,
    isAggregate,
  );
  if (isAggregate) out = aggregateNumbers(out, record);
  else out = flowNumbers(out, record, port(record, isIcmp, 0), port(record, isIcmp, 1));
  if (isTcp && !isAggregate) out = copyPiece(out, piece(p.STATE + stateNumber(record)));
  out = copyKnown(out, piece(p.END_REASON + <u32>(record.endReason & 7)));
  out = interfaces(out, record);
  if (!isAggregate) out = ip(ip(out, record, 0), record, 1);
  if (isIcmp) out = icmp(out, record);
  if (isTcp && !isAggregate) out = tcpFlags(out, record);
  if (isTcp) out = tcpTimes(out, record);
  if (isTcp && !isAggregate) {
    if (wasSeen(record, 0)) out = quality(out, record, 0);
    if (wasSeen(record, 1)) out = quality(out, record, 1);
  }
  return facts(out, record, isAggregate, isPart);
}

@inline
function wasSeen(record: FlowRecord, side: u32): bool {
  return load<u64>(changetype<usize>(record) + <usize>side * SIDE, offsetof<FlowRecord>("packetsTotal0")) != 0;
}

@inline
function address(out: usize, key: u32, at: usize, record: FlowRecord, isAggregate: bool): usize {
  const textAt = copyPiece(out, piece(key));
  const isMapped = load<u64>(at) == 0 && load<u32>(at, 8) == 0xffff0000;
  let end = addressText(textAt, at, isMapped);
  if (isAggregate) {
    store<u8>(end, 0x2f); // "/"
    end = decimalByte(end + 1, record.prefixBits);
  }
  return closeText(out, textAt, end);
}

/** ICMP has no ports: its type and code stand there. */
@inline
function port(record: FlowRecord, isIcmp: bool, side: u32): u32 {
  if (!isIcmp) return side ? record.destinationPort : record.sourcePort;
  const from: u32 = record.facts & r.FACT_ICMP_FORWARD ? 0 : 16;
  return record.icmp >> (from + (side << 3)) & 0xff;
}

/** FIN, SYN, RST and ACK, the flags that a state follows from, in four bits. */
@inline
function stateFlags(flags: u32): u32 {
  return (flags & (TCP_FIN | TCP_SYN | TCP_RST)) | (flags & TCP_ACK) >> 1;
}

@inline
function stateNumber(record: FlowRecord): u32 {
  const hasEnded: u32 = record.endReason == r.REASON_END ? 1 : 0;
  return stateFlags(record.tcpFlags0) | stateFlags(record.tcpFlags1) << 4 | hasEnded << 8;
}

function interfaces(out: usize, record: FlowRecord): usize {
  out = copyKnown(out, p.laterPiece(p.INTERFACE, record.interface0));
  if (record.mac0 | <u32>record.mac1) {
    const textAt = copyPiece(out, piece(p.MAC));
    out = closeText(out, textAt, macText(textAt, changetype<usize>(record) + offsetof<FlowRecord>("mac0")));
  }
  if (record.interface1) out = interfaceNames(out, record);
  if (record.vlan) out = int(out, piece(p.VLAN), record.vlan);
  return out;
}

/**
 * The list of names, if two or more are known. Its lengths may need two bytes: the key's piece leaves room for them.
 */
function interfaceNames(out: usize, record: FlowRecord): usize {
  const first = copyPiece(out, piece(p.INTERFACES));
  let end = first;
  let known = 0;
  for (let place: usize = 0; place < 4; place++) {
    const id = load<u16>(changetype<usize>(record) + (place << 1), offsetof<FlowRecord>("interface0"));
    const element = p.laterPiece(p.ELEMENT, id);
    if (!element) continue;
    end = copyPiece(end, element);
    known++;
  }
  if (known < 2) return out;
  // 4a LL 0a K key 12 VV 2a AA elements: two bytes each
  twoByteLength(first - 2, end - first);
  twoByteLength(first - 5, end - first + 3);
  twoByteLength(out + 1, end - out - 3);
  return end;
}

@inline
function twoByteLength(at: usize, length: usize): void {
  store<u8>(at, <u8>length | 0x80);
  store<u8>(at, <u8>(length >> 7), 1);
}

@inline
function ip(out: usize, record: FlowRecord, side: u32): usize {
  if (!wasSeen(record, side)) return out;
  const label = load<u32>(changetype<usize>(record) + (<usize>side << 2), offsetof<FlowRecord>("label0"));
  const ttl = load<u8>(changetype<usize>(record) + side, offsetof<FlowRecord>("ttl0"));
  out = copyPiece(out, piece(p.TRAFFIC_CLASS + (side << 8) + (label >> 24)));
  out = int(out, piece(p.TTL + (side << 1)), ttl);
  if (record.ipVersion == 6) out = int(out, piece(p.TTL + (side << 1) + 1), label & 0xfffff);
  return out;
}

function icmp(out: usize, record: FlowRecord): usize {
  for (let side: u32 = 0; side < 2; side++) {
    if (!(record.facts & (r.FACT_ICMP_FORWARD << side))) continue;
    const type = record.icmp >> (side << 4) & 0xff;
    const code = record.icmp >> ((side << 4) + 8) & 0xff;
    out = copyKnown(out, p.icmpPiece(side, record.protocol, type, code));
  }
  return out;
}

@inline
function tcpFlags(out: usize, record: FlowRecord): usize {
  if (wasSeen(record, 0)) out = copyPiece(out, piece(p.TCP_FLAGS + record.tcpFlags0));
  if (wasSeen(record, 1)) out = copyPiece(out, piece(p.TCP_FLAGS + 256 + record.tcpFlags1));
  return out;
}

@inline
function tcpTimes(out: usize, record: FlowRecord): usize {
  const facts = record.facts;
  if (record.synAckAfterNs) {
    out = int(out, piece(p.HANDSHAKE_LATENCY), record.synAckAfterNs);
    if (!(facts & (r.FACT_SYN_REPEATED | r.FACT_SYN_ACK_REPEATED))) {
      out = int(out, piece(p.RTT_RESPONDER), record.synAckAfterNs);
    }
  }
  if (record.ackAfterNs && !(facts & r.FACT_SYN_ACK_REPEATED)) {
    out = int(out, piece(p.RTT_INITIATOR), record.ackAfterNs);
  }
  return out;
}

@inline
function facts(out: usize, record: FlowRecord, isAggregate: bool, isPart: bool): usize {
  out = copyPiece(out, piece(p.COUNTED + countedNumber(record)));
  if (isAggregate) out = copyPiece(out, piece(p.OVERFLOW + record.what));
  if (isPart) out = copyPiece(out, piece(p.FRAGMENT));
  if (!(record.facts & r.FACT_KEPT_ANYWAY)) out = copyKnown(out, piece(p.SAMPLING_RATE));
  return out;
}

/** A direction in which nothing passed adds nothing to any sum: beside one that counts it counts, too. */
@inline
function countedNumber(record: FlowRecord): u32 {
  const forward = (record.facts & r.FACT_COUNTED_FORWARD) != 0;
  const reverse = (record.facts & r.FACT_COUNTED_REVERSE) != 0;
  if (!forward && !reverse) return 0;
  const forwardCounts: u32 = forward || !wasSeen(record, 0) ? 1 : 0;
  const reverseCounts: u32 = reverse || !wasSeen(record, 1) ? 2 : 0;
  if (forwardCounts && reverseCounts) return 3;
  return forward ? 1 : 2;
}

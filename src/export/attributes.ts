/**
 * Every attribute of a flow span: its name, type, when it is there, and where its value comes from. Exporters walk this
 * table; so does the reference page.
 *
 * Names are those of the flow spans proposed to OpenTelemetry (flow.*, network.*, source.*, destination.*); what only
 * weir measures is under weir.*. Source is the initiator. "Reverse" is what the responder sent.
 */
import { addressText, macText, prefixText } from "../address.ts";
import type { AttributeValue } from "../attribute_sets.ts";
import type { Meaning, SpanKind } from "../flow.ts";
import { Fact, type FlowRecord, RECORD_QUEUE_AGGREGATE, type Side } from "../flow_record.ts";
import { icmpCodeName, icmpTypeName } from "../icmp_names.ts";
import { dscpName, ecnName, endReasonName, protocolName, tcpFlagNames } from "../names.ts";
import { connectionState } from "../tcp_state.ts";

export interface SpanInterface {
  /** Undefined where a recording does not tell. */
  name: string | undefined;
  ifindex: number | undefined;
}

/** What a record does not hold but refers to. */
export interface SpanContext extends Meaning {
  /** The interface behind an id; undefined for one never told. */
  interfaceOf(id: number): SpanInterface | undefined;
  /** The part of flows that sampling keeps. Default: all. */
  samplingRate?: number | undefined;
}

export interface Attribute {
  name: string;
  type: "string" | "int" | "double" | "boolean" | "string[]";
  /** When the attribute is there. */
  when: string;
  brief: string;
  value(record: FlowRecord, context: SpanContext): AttributeValue | undefined;
}

const REASON_END = 3;
const FORWARD: Side = 0;
const REVERSE: Side = 1;

const wasSeen = (record: FlowRecord, side: Side) => record.packetsTotal(side) > 0;

function text(name: string, when: string, brief: string, value: Attribute["value"]): Attribute {
  return { name, type: "string", when, brief, value };
}

function int(name: string, when: string, brief: string, value: Attribute["value"]): Attribute {
  return { name, type: "int", when, brief, value };
}

function texts(name: string, when: string, brief: string, value: Attribute["value"]): Attribute {
  return { name, type: "string[]", when, brief, value };
}

function double(name: string, when: string, brief: string, value: Attribute["value"]): Attribute {
  return { name, type: "double", when, brief, value };
}

function boolean(name: string, when: string, brief: string, value: Attribute["value"]): Attribute {
  return { name, type: "boolean", when, brief, value };
}

function address(record: FlowRecord, bytes: Uint8Array): string {
  if (!record.isAggregate) return addressText(bytes);
  // an IPv4 prefix counts its bits from the dotted address
  return prefixText(bytes, record.prefixBits);
}

function port(record: FlowRecord, side: Side): number | undefined {
  return record.isAggregate ? undefined : record.port(side);
}

const ALWAYS = "always";

/** flow.direction's words. */
export const DIRECTIONS: Record<SpanKind, string> = { CLIENT: "forward", SERVER: "reverse", INTERNAL: "unknown" };
/** network.io.direction's: how this node takes part in what the initiator sends. */
export const IO_DIRECTIONS: Record<SpanKind, string | undefined> = {
  CLIENT: "transmit",
  SERVER: "receive",
  INTERNAL: undefined,
};

const IDENTITY: Attribute[] = [
  text(
    "flow.community_id",
    "unless the span is an overflow aggregate",
    "Community ID v1",
    (record) => record.isAggregate ? undefined : `1:${record.communityId.toBase64()}`,
  ),
  text(
    "flow.direction",
    ALWAYS,
    "forward: the initiator is on this node; reverse: the responder is; unknown",
    (_, c) => DIRECTIONS[c.kind],
  ),
  text(
    "network.io.direction",
    "unless flow.direction is unknown",
    "transmit: the initiator is on this node; receive: the responder is",
    (_, c) => IO_DIRECTIONS[c.kind],
  ),
  text("network.type", ALWAYS, "ipv4 or ipv6", (record) => `ipv${record.ipVersion}`),
  text(
    "network.transport",
    ALWAYS,
    "IP protocol by its IANA name, or protocol-N",
    (record) => protocolName(record.protocol),
  ),
  text(
    "source.address",
    ALWAYS,
    "the initiator; a prefix for overflow aggregates",
    (record) => address(record, record.sourceAddress),
  ),
  int(
    "source.port",
    "unless the span is an overflow aggregate",
    "0 without ports; ICMP: type",
    (record) => port(record, FORWARD),
  ),
  text(
    "destination.address",
    ALWAYS,
    "the responder; a prefix for overflow aggregates",
    (record) => address(record, record.destinationAddress),
  ),
  int(
    "destination.port",
    "unless the span is an overflow aggregate",
    "0 without ports; ICMP: code",
    (record) => port(record, REVERSE),
  ),
];

const COUNTS: Attribute[] = ([[FORWARD, "flow."], [REVERSE, "flow.reverse."]] as const).flatMap(([side, prefix]) => [
  int(
    `${prefix}packets.delta`,
    ALWAYS,
    "packets since the last span of this flow; segments, not offloaded frames",
    (r) => r.packetsDelta(side),
  ),
  int(`${prefix}packets.total`, ALWAYS, "packets since the flow began", (r) => r.packetsTotal(side)),
  int(`${prefix}bytes.delta`, ALWAYS, "bytes with link headers since the last span", (r) => r.bytesDelta(side)),
  int(`${prefix}bytes.total`, ALWAYS, "bytes with link headers since the flow began", (r) => r.bytesTotal(side)),
]);

const WEIR_COUNTS: Attribute[] = ([[FORWARD, "weir."], [REVERSE, "weir.reverse."]] as const).flatMap((
  [side, prefix],
) => [
  int(
    `${prefix}frames.delta`,
    ALWAYS,
    "frames (skbs) since the last span: fewer than packets under GSO and GRO",
    (r) => r.framesDelta(side),
  ),
  int(
    `${prefix}wire_bytes.delta`,
    ALWAYS,
    "bytes with the headers of every segment since the last span",
    (r) => r.wireBytesDelta(side),
  ),
]);

/** What an aggregate stands in for, by FlowRecord.what. */
export function overflowReason(what: number): string {
  return what === RECORD_QUEUE_AGGREGATE ? "export_queue_full" : "flow_table_full";
}

const COUNTED: Attribute[] = [
  text(
    "weir.counted",
    ALWAYS,
    "which directions' numbers may be summed over spans: both, forward, reverse, none",
    (r) => {
      const forward = r.has(Fact.COUNTED_FORWARD);
      const reverse = r.has(Fact.COUNTED_REVERSE);
      // a direction in which nothing passed adds nothing to any sum
      const forwardCounts = forward || !wasSeen(r, FORWARD);
      const reverseCounts = reverse || !wasSeen(r, REVERSE);
      if (!forward && !reverse) return "none";
      return forwardCounts && reverseCounts ? "both" : forward ? "forward" : "reverse";
    },
  ),
  double(
    "weir.sampling.rate",
    "not every flow like this one is handed out",
    "the part of such flows that is: it stands for one in this",
    (record, { samplingRate }) => record.has(Fact.KEPT_ANYWAY) ? undefined : samplingRate,
  ),
  int("weir.record.number", ALWAYS, "counts the spans of one flow, from 1", (r) => r.number),
  boolean(
    "weir.overflow",
    "overflow aggregates",
    "many flows in one span, because there was no room for each",
    (record) => record.isAggregate ? true : undefined,
  ),
  text(
    "weir.overflow.reason",
    "overflow aggregates",
    "flow_table_full: more flows at once than the table holds; export_queue_full: a receiver took spans too slowly",
    (record) => record.isAggregate ? overflowReason(record.what) : undefined,
  ),
  boolean(
    "weir.fragment",
    "flows of fragments",
    "fragments other than the first: they carry no ports",
    (record) => record.isFragment ? true : undefined,
  ),
];

const STATE: Attribute[] = [
  text(
    "flow.connection.state",
    "TCP",
    "the initiator's state as far as flags tell it",
    (record) =>
      record.isTcp && !record.isAggregate
        ? connectionState(record.tcpFlags(FORWARD), record.tcpFlags(REVERSE), record.endReason === REASON_END)
        : undefined,
  ),
  text(
    "flow.end_reason",
    "unless the flow goes on",
    "IPFIX flowEndReason in words",
    (record) => endReasonName(record.endReason),
  ),
];

const INTERFACES: Attribute[] = [
  int(
    "network.interface.index",
    "the interface is known",
    "ifindex of the interface that saw the flow first",
    (r, c) => c.interfaceOf(r.interfaceId(0))?.ifindex,
  ),
  text(
    "network.interface.name",
    "the interface is known",
    "name of the interface that saw the flow first",
    (r, c) => c.interfaceOf(r.interfaceId(0))?.name,
  ),
  text(
    "network.interface.mac",
    "the link layer has addresses",
    "source MAC address of the first packet seen",
    (record) => {
      const mac = record.sourceMac;
      return mac.some((byte) => byte !== 0) ? macText(mac) : undefined;
    },
  ),
  texts("weir.interfaces", "the flow passed more than one", "interfaces that saw the flow, in that order", (r, c) => {
    const names = ([0, 1, 2, 3] as const).flatMap((place) => c.interfaceOf(r.interfaceId(place))?.name ?? []);
    return names.length > 1 ? names : undefined;
  }),
  int(
    "weir.vlan.id",
    "tagged traffic",
    "VLAN id of the outer tag, where the flow was first seen with one",
    (record) => record.vlan || undefined,
  ),
];

const IP: Attribute[] = ([[FORWARD, "flow.ip."], [REVERSE, "flow.reverse.ip."]] as const).flatMap(([side, prefix]) => {
  const when = side === FORWARD ? "the initiator was heard" : "the responder was heard";
  const known = (record: FlowRecord) => wasSeen(record, side) && !record.isAggregate;
  return [
    int(`${prefix}dscp.id`, when, "DSCP of the last packet", (r) => known(r) ? r.trafficClass(side) >> 2 : undefined),
    text(
      `${prefix}dscp.name`,
      `${when}, and the code point has a name`,
      "DSCP by name",
      (r) => known(r) ? dscpName(r.trafficClass(side) >> 2) : undefined,
    ),
    int(`${prefix}ecn.id`, when, "ECN of the last packet", (r) => known(r) ? r.trafficClass(side) & 3 : undefined),
    text(`${prefix}ecn.name`, when, "ECN by name", (r) => known(r) ? ecnName(r.trafficClass(side)) : undefined),
    int(`${prefix}ttl`, when, "TTL or hop limit of the last packet", (r) => known(r) ? r.ttl(side) : undefined),
    int(
      `${prefix}flow_label`,
      `${when}, IPv6`,
      "IPv6 flow label",
      (r) => known(r) && r.ipVersion === 6 ? r.flowLabel(side) : undefined,
    ),
  ];
});

const ICMP: Attribute[] = ([
  [FORWARD, "flow.icmp.", Fact.ICMP_FORWARD],
  [REVERSE, "flow.reverse.icmp.", Fact.ICMP_REVERSE],
] as const).flatMap(([side, prefix, fact]) => {
  const when = side === FORWARD ? "ICMP, the initiator was heard" : "ICMP, the responder was heard";
  const known = (record: FlowRecord) => record.isIcmp && record.has(fact);
  return [
    int(`${prefix}type.id`, when, "ICMP type", (r) => known(r) ? r.icmpType(side) : undefined),
    text(
      `${prefix}type.name`,
      `${when}, and the type has a name`,
      "ICMP type by name",
      (r) => known(r) ? icmpTypeName(r.protocol, r.icmpType(side)) : undefined,
    ),
    int(`${prefix}code.id`, when, "ICMP code", (r) => known(r) ? r.icmpCode(side) : undefined),
    text(
      `${prefix}code.name`,
      `${when}, and the code is known`,
      'ICMP code by name, "" for a type with one code',
      (r) => known(r) ? icmpCodeName(r.protocol, r.icmpType(side), r.icmpCode(side)) : undefined,
    ),
  ];
});

const TCP_FLAGS: Attribute[] = ([[FORWARD, "flow.tcp."], [REVERSE, "flow.reverse.tcp."]] as const).flatMap((
  [side, prefix],
) => {
  const when = side === FORWARD ? "TCP, the initiator was heard" : "TCP, the responder was heard";
  const known = (record: FlowRecord) => record.isTcp && !record.isAggregate && wasSeen(record, side);
  return [
    int(
      `${prefix}flags.bits`,
      when,
      "all TCP flags sent so far: FIN 1, SYN 2, RST 4, PSH 8, ACK 16 …",
      (r) => known(r) ? r.tcpFlags(side) : undefined,
    ),
    texts(
      `${prefix}flags.tags`,
      when,
      "the same by name",
      (r) => known(r) ? tcpFlagNames(r.tcpFlags(side)) : undefined,
    ),
  ];
});

const TCP_TIMES: Attribute[] = [
  int(
    "flow.tcp.handshake.latency",
    "TCP, SYN and SYN-ACK seen",
    "ns from the first SYN to the first SYN-ACK",
    (r) => r.isTcp ? r.synAckAfterNs || undefined : undefined,
  ),
  int(
    "weir.tcp.rtt.responder",
    "TCP, neither SYN nor SYN-ACK repeated",
    "ns from SYN to SYN-ACK: this point to responder",
    (r) => r.isTcp && !r.has(Fact.SYN_REPEATED | Fact.SYN_ACK_REPEATED) ? r.synAckAfterNs || undefined : undefined,
  ),
  int(
    "weir.tcp.rtt.initiator",
    "TCP, SYN-ACK not repeated",
    "ns from SYN-ACK to ACK: this point to initiator",
    (r) => r.isTcp && !r.has(Fact.SYN_ACK_REPEATED) ? r.ackAfterNs || undefined : undefined,
  ),
];

const TCP_QUALITY: Attribute[] = ([[FORWARD, "weir.tcp."], [REVERSE, "weir.reverse.tcp."]] as const).flatMap((
  [side, prefix],
) => {
  const known = (record: FlowRecord) => record.isTcp && !record.isAggregate && wasSeen(record, side);
  const least = "since the last span, at least";
  return [
    int(
      `${prefix}retransmitted.packets.at_least`,
      "TCP",
      `segments sent again ${least}`,
      (r) => known(r) ? r.retransmittedPackets(side) : undefined,
    ),
    int(
      `${prefix}retransmitted.bytes.at_least`,
      "TCP",
      `payload bytes sent again ${least}`,
      (r) => known(r) ? r.retransmittedBytes(side) : undefined,
    ),
    int(
      `${prefix}out_of_order.packets.at_least`,
      "TCP",
      `segments that came late ${least}`,
      (r) => known(r) ? r.outOfOrder(side) : undefined,
    ),
    int(
      `${prefix}zero_window.packets`,
      "TCP",
      "segments that closed the window since the last span",
      (r) => known(r) ? r.zeroWindows(side) : undefined,
    ),
  ];
});

/** In the order in which spans carry them. */
export const ATTRIBUTES: readonly Attribute[] = [
  ...IDENTITY,
  ...COUNTS,
  ...STATE,
  ...INTERFACES,
  ...IP,
  ...ICMP,
  ...TCP_FLAGS,
  ...TCP_TIMES,
  ...TCP_QUALITY,
  ...WEIR_COUNTS,
  ...COUNTED,
];

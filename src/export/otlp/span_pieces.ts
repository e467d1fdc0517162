/**
 * Everything of a span that does not change from flow to flow, encoded once. The names are those of the attribute
 * table.
 */
import type { AttributeSet } from "../../attribute_sets.ts";
import { assert } from "../../errors.ts";
import { SPAN_KINDS, type SpanKind } from "../../flow.ts";
import { RECORD_AGGREGATE, RECORD_QUEUE_AGGREGATE } from "../../flow_record.ts";
import { ATTRIBUTES, DIRECTIONS, IO_DIRECTIONS, overflowReason, type SpanInterface } from "../attributes.ts";
import { icmpCodeName, icmpTypeName } from "../../icmp_names.ts";
import { dscpName, ecnName, endReasonName, protocolName, tcpFlagNames } from "../../names.ts";
import { connectionState } from "../../tcp_state.ts";
import type { References } from "../references.ts";
import { Piece } from "./piece_numbers.ts";
import {
  arrayKey,
  attribute,
  type BlockPart,
  field,
  intBlock,
  intKey,
  placesOf,
  text,
  textKey,
  textPart,
} from "./protobuf.ts";

export const OTLP_KIND: Record<SpanKind, number> = { INTERNAL: 1, SERVER: 2, CLIENT: 3 };

const NAME_FIELD = 5;
const KIND_TAG = 6 << 3;
const ADDRESS_TEXT_MAX = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128".length;
/** Of a Community ID behind its version, in base64. */
const DIGEST_LENGTH = 28;
const MAC_LENGTH = 17;

const NAMES = new Set(ATTRIBUTES.map(({ name }) => name));

/** An attribute's name, which the table must have. */
function named(name: string): string {
  assert(NAMES.has(name), `the attribute table has ${name}`);
  return name;
}

export type IsWanted = (name: string) => boolean;

export type Pieces = Map<number, number[]>;

/** Pieces by number. isWanted: whether spans carry an attribute. samplingRate: undefined where every flow is kept. */
export function spanPieces(isWanted: IsWanted, samplingRate?: number): Pieces {
  const pieces: Pieces = new Map();
  addKeys(pieces);
  addBlocks(pieces);
  addIdentity(pieces, isWanted);
  addIp(pieces);
  addTcp(pieces);
  for (const what of [RECORD_AGGREGATE, RECORD_QUEUE_AGGREGATE]) {
    pieces.set(Piece.OVERFLOW + what, [
      ...attribute(named("weir.overflow"), true),
      ...attribute(named("weir.overflow.reason"), overflowReason(what)),
    ]);
  }
  if (samplingRate !== undefined) {
    pieces.set(Piece.SAMPLING_RATE, attribute(named("weir.sampling.rate"), samplingRate));
  }
  pieces.set(Piece.FRAGMENT, attribute(named("weir.fragment"), true));
  ["none", "forward", "reverse", "both"].forEach((counted, i) =>
    pieces.set(Piece.COUNTED + i, attribute(named("weir.counted"), counted))
  );
  for (let reason = 0; reason < 8; reason++) {
    const name = endReasonName(reason);
    if (name) pieces.set(Piece.END_REASON + reason, attribute(named("flow.end_reason"), name));
  }
  pieces.set(Piece.DECIMAL, decimals());
  return pieces;
}

const SIDES = ["flow.", "flow.reverse."] as const;
const WEIR_SIDES = ["weir.", "weir.reverse."] as const;

function addKeys(pieces: Pieces): void {
  pieces.set(Piece.SOURCE_ADDRESS, textKey(named("source.address"), ADDRESS_TEXT_MAX));
  pieces.set(Piece.DESTINATION_ADDRESS, textKey(named("destination.address"), ADDRESS_TEXT_MAX));
  pieces.set(Piece.MAC, textKey(named("network.interface.mac"), MAC_LENGTH));
  pieces.set(Piece.INTERFACES, arrayKey(named("weir.interfaces")));
  const ints: Array<[number, string[]]> = [
    [Piece.VLAN, ["weir.vlan.id"]],
    [Piece.TTL, SIDES.flatMap((side) => [`${side}ip.ttl`, `${side}ip.flow_label`])],
    [Piece.HANDSHAKE_LATENCY, ["flow.tcp.handshake.latency"]],
    [Piece.RTT_RESPONDER, ["weir.tcp.rtt.responder", "weir.tcp.rtt.initiator"]],
  ];
  for (const [first, names] of ints) {
    names.forEach((name, i) => pieces.set(first + i, intKey(named(name))));
  }
}

/** In their order in a record. */
const COUNTED = [
  ...([["flow.", "weir."], ["flow.reverse.", "weir.reverse."]] as const).flatMap(([side, own]) => [
    ...["packets.delta", "packets.total", "bytes.delta", "bytes.total"].map((name) => side + name),
    ...["wire_bytes.delta", "frames.delta"].map((name) => own + name),
  ]),
];
const QUALITY = [
  "retransmitted.packets.at_least",
  "retransmitted.bytes.at_least",
  "out_of_order.packets.at_least",
  "zero_window.packets",
];
/** Bytes of a varint: of values below 2^28, below 2^63, and below 2^32. */
const [NARROW, WIDE, WORD] = [4, 9, 5];

function addBlocks(pieces: Pieces): void {
  const add = (number: number, parts: BlockPart[]) => {
    pieces.set(number, parts.flatMap(({ bytes }) => bytes));
    pieces.set(number + 1, placesOf(parts).flatMap((place) => [place & 0xff, place >> 8, 0, 0]));
  };
  [NARROW, WIDE].forEach((width, i) => {
    const counts = [...intBlock(COUNTED.map(named), width), ...intBlock([named("weir.record.number")], WORD)];
    const ports = intBlock(["source.port", "destination.port"].map(named), NARROW);
    const communityId = textPart(named("flow.community_id"), "1:", DIGEST_LENGTH);
    add(Piece.FLOW_NUMBERS + 2 * i, [...counts, ...ports, communityId]);
    add(Piece.AGGREGATE_NUMBERS + 2 * i, counts);
  });
  WEIR_SIDES.forEach((side, i) =>
    add(Piece.QUALITY + 2 * i, intBlock(QUALITY.map((name) => named(`${side}tcp.${name}`)), WORD))
  );
}

function addIdentity(pieces: Pieces, isWanted: IsWanted): void {
  SPAN_KINDS.forEach((kind, number) => {
    const ioDirection = isWanted("network.io.direction") ? IO_DIRECTIONS[kind] : undefined;
    pieces.set(Piece.KIND + number, [
      KIND_TAG,
      OTLP_KIND[kind],
      ...attribute(named("flow.direction"), DIRECTIONS[kind]),
      ...(ioDirection === undefined ? [] : attribute(named("network.io.direction"), ioDirection)),
    ]);
  });
  for (const [i, type] of ["ipv4", "ipv6"].entries()) {
    for (let protocol = 0; protocol < 256; protocol++) {
      const transport = protocolName(protocol);
      pieces.set(Piece.PROTOCOL + 256 * i + protocol, [
        ...text(NAME_FIELD, `flow_${type}_${transport}`),
        ...attribute(named("network.type"), type),
        ...attribute(named("network.transport"), transport),
      ]);
    }
  }
}

function addIp(pieces: Pieces): void {
  for (const [side, prefix] of SIDES.entries()) {
    for (let trafficClass = 0; trafficClass < 256; trafficClass++) {
      const dscp = dscpName(trafficClass >> 2);
      pieces.set(Piece.TRAFFIC_CLASS + 256 * side + trafficClass, [
        ...attribute(named(`${prefix}ip.dscp.id`), trafficClass >> 2),
        ...(dscp === undefined ? [] : attribute(named(`${prefix}ip.dscp.name`), dscp)),
        ...attribute(named(`${prefix}ip.ecn.id`), trafficClass & 3),
        ...attribute(named(`${prefix}ip.ecn.name`), ecnName(trafficClass)),
      ]);
    }
  }
}

/** FIN, SYN, RST in the low bits as they are, ACK in the fourth: what a state follows from. */
function flagsOf(stateFlags: number): number {
  return (stateFlags & 7) | (stateFlags & 8) << 1;
}

function addTcp(pieces: Pieces): void {
  for (let i = 0; i < 512; i++) {
    const state = connectionState(flagsOf(i & 15), flagsOf(i >> 4 & 15), i >> 8 === 1);
    pieces.set(Piece.STATE + i, attribute(named("flow.connection.state"), state));
  }
  for (const [side, prefix] of SIDES.entries()) {
    for (let flags = 0; flags < 256; flags++) {
      pieces.set(Piece.TCP_FLAGS + 256 * side + flags, [
        ...attribute(named(`${prefix}tcp.flags.bits`), flags),
        ...attribute(named(`${prefix}tcp.flags.tags`), tcpFlagNames(flags)),
      ]);
    }
  }
}

/** For each byte value its decimal digits, and how many, in four bytes. */
function decimals(): number[] {
  return Array.from({ length: 256 }, (_, value) => {
    const digits = [...String(value)].map((digit) => digit.charCodeAt(0));
    return [...digits, 0, 0].slice(0, 3).concat(digits.length);
  }).flat();
}

/** One side's ICMP attributes. side 0: the initiator's. */
export function icmpPiece(side: number, protocol: number, type: number, code: number): number[] {
  const prefix = `${SIDES[side]}icmp.`;
  const typeName = icmpTypeName(protocol, type);
  const codeName = icmpCodeName(protocol, type, code);
  return [
    ...attribute(named(`${prefix}type.id`), type),
    ...(typeName === undefined ? [] : attribute(named(`${prefix}type.name`), typeName)),
    ...attribute(named(`${prefix}code.id`), code),
    ...(codeName === undefined ? [] : attribute(named(`${prefix}code.name`), codeName)),
  ];
}

/** What comes up at run time, by wasm/span/pieces.ts's numbers. */
const LATER: ReadonlyArray<(id: number, references: References, isWanted: IsWanted) => number[]> = [
  (id, { interfaceOf }) => interfacePiece(interfaceOf(id)),
  (id, { interfaceOf }) => interfaceElement(interfaceOf(id)?.name),
  (id, { setOf }, isWanted) => setPiece("source.", setOf(id), isWanted),
  (id, { setOf }, isWanted) => setPiece("destination.", setOf(id), isWanted),
  (id, { setOf }, isWanted) => setPiece("", setOf(id), isWanted),
];

export const LATER_KINDS = LATER.length;

/** The piece of a kind for what has this number; empty where nothing is known of it. */
export function laterPiece(kind: number, id: number, references: References, isWanted: IsWanted): number[] {
  return LATER[kind]!(id, references, isWanted);
}

function interfacePiece(known: SpanInterface | undefined): number[] {
  return [
    ...(known?.ifindex === undefined ? [] : attribute(named("network.interface.index"), known.ifindex)),
    ...(known?.name === undefined ? [] : attribute(named("network.interface.name"), known.name)),
  ];
}

/** A name as an element of weir.interfaces. */
function interfaceElement(name: string | undefined): number[] {
  return name === undefined ? [] : field(1, text(1, name));
}

/** The attributes of a set under the names that its side has. */
function setPiece(prefix: string, set: AttributeSet | undefined, isWanted: IsWanted): number[] {
  return Object.entries(set?.attributes ?? {}).flatMap(([name, value]) =>
    isWanted(prefix + name) ? attribute(prefix + name, value) : []
  );
}

/** A flow record, read where it lies: wasm/record.ts in TypeScript. tests/layout_test.ts compares the offsets. */
import { type AttributeSet, NO_SET } from "./attribute_sets.ts";
import { type Meaning, SPAN_KINDS, type SpanKind } from "./flow.ts";

export const RECORD_BYTES = 320;

/** A record as exporters queue it: the part before initialSequence, and what it means. */
export const QUEUED_RECORD_BYTES = 300;

/** What it means, in places that mean something to the table only. wasm/span/queued_record.ts reads the same. */
export const QUEUED_OFFSETS = {
  /** u32 each: numbers of attribute sets. */
  flowSet: 12,
  sourceSet: 292,
  destinationSet: 296,
  /** u16: the span's kind, a place in SPAN_KINDS. */
  kind: 286,
} as const;

export const RECORD_FLOW = 0;
export const RECORD_AGGREGATE = 1;
export const RECORD_LIVE = 2;
/** Stands in for records that a full queue had no room for. */
export const RECORD_QUEUE_AGGREGATE = 3;

export const KIND_FRAGMENT = 2;

/** Field offsets, in bytes. Two-sided fields: forward first, then `step` further the reverse. */
export const RECORD_OFFSETS = {
  what: 0,
  endReason: 1,
  protocol: 2,
  ipVersion: 3,
  sourcePort: 4,
  destinationPort: 6,
  vlan: 8,
  kind: 10,
  prefixBits: 11,
  domain: 12,
  source0: 16,
  destination0: 32,
  startUnixNs: 48,
  endUnixNs: 56,
  packetsDelta0: 64,
  packetsTotal0: 72,
  bytesDelta0: 80,
  bytesTotal0: 88,
  wireBytesDelta0: 96,
  framesDelta0: 104,
  packetsDelta1: 112,
  synAckAfterNs: 160,
  ackAfterNs: 168,
  retransmittedPackets0: 176,
  retransmittedBytes0: 184,
  outOfOrder0: 192,
  zeroWindows0: 200,
  traceId0: 208,
  spanId: 224,
  community0: 232,
  number: 252,
  tcpFlags0: 256,
  ttl0: 258,
  label0: 260,
  icmp: 268,
  interface0: 272,
  mac0: 280,
  facts: 288,
  initialSequence: 292,
  startNs: 296,
  lastSeenNs: 304,
  samplingHash: 312,
} as const;

const SETS = ["source", "destination", "flow"] as const;
const DIRECTION_STEP = RECORD_OFFSETS.packetsDelta1 - RECORD_OFFSETS.packetsDelta0;

/** Bits of {@linkcode FlowRecord.facts}. */
export const Fact = {
  COUNTED_FORWARD: 1 << 0,
  COUNTED_REVERSE: 1 << 1,
  SYN: 1 << 2,
  LOCAL_SOURCE: 1 << 3,
  LOCAL_DESTINATION: 1 << 4,
  SYN_REPEATED: 1 << 5,
  SYN_ACK_REPEATED: 1 << 6,
  SEQUENCE: 1 << 7,
  ICMP_FORWARD: 1 << 8,
  ICMP_REVERSE: 1 << 9,
  MORE_INTERFACES: 1 << 10,
  /** Sampling would have kept it, whatever its hash. */
  KEPT_ANYWAY: 1 << 11,
} as const;

/** 0: from initiator to responder; 1: back. */
export type Side = 0 | 1;

const HIGH_WORD = 2 ** 32;
const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_ICMPV6 = 58;
const NS_PER_US = 1e3;
const US_PER_MS = 1e3;
const ADDRESS_STEP = RECORD_OFFSETS.destination0 - RECORD_OFFSETS.source0;

function numberOf(set: AttributeSet | undefined): number {
  return set === undefined ? NO_SET : set.id;
}

/**
 * One record of a region of records. A cursor, not a copy: `moveTo()` points it at the next one, and what it reads is
 * valid until the region's owner uses the place again. Counters are numbers, exact below 2^53; times are bigints in ns.
 */
export class FlowRecord {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  #at = 0;

  constructor(region: ArrayBufferLike) {
    this.#view = new DataView(region);
    this.#bytes = new Uint8Array(region);
    this.#words = new Int32Array(region);
  }

  /** Points at the record that begins at this byte. */
  moveTo(byteOffset: number): this {
    this.#at = byteOffset;
    return this;
  }

  #u8(offset: number): number {
    return this.#view.getUint8(this.#at + offset);
  }

  #u16(offset: number): number {
    return this.#view.getUint16(this.#at + offset, true);
  }

  #u32(offset: number): number {
    return this.#view.getUint32(this.#at + offset, true);
  }

  #count(offset: number): number {
    return this.#u32(offset) + this.#u32(offset + 4) * HIGH_WORD;
  }

  /** Whole microseconds: behind them a number of this size is not exact. */
  #ms(offset: number): number {
    return Math.round(this.#count(offset) / NS_PER_US) / US_PER_MS;
  }

  #ns(offset: number): bigint {
    return this.#view.getBigUint64(this.#at + offset, true);
  }

  /** A view, not a copy. */
  #slice(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(this.#at + offset, this.#at + offset + length);
  }

  /** Copies what exporters queue, with what it means, to this word of `words`. */
  copyTo(words: Int32Array, at: number, meaning: Meaning): void {
    const from = this.#at >> 2;
    for (let i = 0; i < RECORD_OFFSETS.initialSequence / 4; i++) words[at + i] = this.#words[from + i]!;
    words[at + QUEUED_OFFSETS.flowSet / 4] = numberOf(meaning.flow);
    words[at + QUEUED_OFFSETS.sourceSet / 4] = numberOf(meaning.source);
    words[at + QUEUED_OFFSETS.destinationSet / 4] = numberOf(meaning.destination);
    const kindWord = at + (QUEUED_OFFSETS.kind >> 2);
    words[kindWord] = words[kindWord]! & 0xffff | SPAN_KINDS.indexOf(meaning.kind) << 16;
  }

  /** Of a queued copy: its span's kind. */
  get queuedKind(): SpanKind {
    return SPAN_KINDS[this.#u16(QUEUED_OFFSETS.kind)]!;
  }
  /** Of a queued copy: the number of an attribute set. */
  queuedSet(which: "flow" | "source" | "destination"): number {
    return this.#u32(QUEUED_OFFSETS[`${which}Set`]);
  }

  /** Marks the number of each attribute set that a queued copy refers to. */
  markQueuedSets(mark: (id: number) => void): void {
    for (const which of SETS) mark(this.queuedSet(which));
  }

  get what(): number {
    return this.#u8(RECORD_OFFSETS.what);
  }
  /** Whether it stands for many flows. */
  get isAggregate(): boolean {
    return this.what === RECORD_AGGREGATE || this.what === RECORD_QUEUE_AGGREGATE;
  }
  get endReason(): number {
    return this.#u8(RECORD_OFFSETS.endReason);
  }
  get protocol(): number {
    return this.#u8(RECORD_OFFSETS.protocol);
  }
  get ipVersion(): number {
    return this.#u8(RECORD_OFFSETS.ipVersion);
  }
  /** Whether its packets have TCP headers. */
  get isTcp(): boolean {
    return this.protocol === PROTOCOL_TCP && !this.isFragment;
  }
  /** Whether its packets have ICMP or ICMPv6 headers. */
  get isIcmp(): boolean {
    return (this.protocol === PROTOCOL_ICMP || this.protocol === PROTOCOL_ICMPV6) && !this.isFragment;
  }
  get isFragment(): boolean {
    return (this.#u8(RECORD_OFFSETS.kind) & KIND_FRAGMENT) !== 0;
  }
  get vlan(): number {
    return this.#u16(RECORD_OFFSETS.vlan);
  }
  /** Bits of an aggregate's address prefixes. */
  get prefixBits(): number {
    return this.#u8(RECORD_OFFSETS.prefixBits);
  }
  /** 16 bytes, IPv4 mapped. */
  get sourceAddress(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.source0, 16);
  }
  get destinationAddress(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.destination0, 16);
  }
  /** Words of an address, the first one the most significant, signed. Side 0 is the source. */
  addressWord(side: Side, place: 0 | 1 | 2 | 3): number {
    return this.#view.getInt32(this.#at + RECORD_OFFSETS.source0 + side * ADDRESS_STEP + place * 4);
  }
  get sourcePort(): number {
    return this.#u16(RECORD_OFFSETS.sourcePort);
  }
  get destinationPort(): number {
    return this.#u16(RECORD_OFFSETS.destinationPort);
  }
  /** What stands where ports do: of ICMP the type (source) and the code. */
  port(side: Side): number {
    if (!this.isIcmp) return side === 0 ? this.sourcePort : this.destinationPort;
    const from: Side = this.has(Fact.ICMP_FORWARD) ? 0 : 1;
    return side === 0 ? this.icmpType(from) : this.icmpCode(from);
  }
  get startUnixNs(): bigint {
    return this.#ns(RECORD_OFFSETS.startUnixNs);
  }
  get endUnixNs(): bigint {
    return this.#ns(RECORD_OFFSETS.endUnixNs);
  }
  /** The same in ms, to a microsecond, without making a bigint. */
  get startUnixMs(): number {
    return this.#ms(RECORD_OFFSETS.startUnixNs);
  }
  get endUnixMs(): number {
    return this.#ms(RECORD_OFFSETS.endUnixNs);
  }
  packetsDelta(side: Side): number {
    return this.#count(RECORD_OFFSETS.packetsDelta0 + side * DIRECTION_STEP);
  }
  packetsTotal(side: Side): number {
    return this.#count(RECORD_OFFSETS.packetsTotal0 + side * DIRECTION_STEP);
  }
  bytesDelta(side: Side): number {
    return this.#count(RECORD_OFFSETS.bytesDelta0 + side * DIRECTION_STEP);
  }
  bytesTotal(side: Side): number {
    return this.#count(RECORD_OFFSETS.bytesTotal0 + side * DIRECTION_STEP);
  }
  wireBytesDelta(side: Side): number {
    return this.#count(RECORD_OFFSETS.wireBytesDelta0 + side * DIRECTION_STEP);
  }
  framesDelta(side: Side): number {
    return this.#count(RECORD_OFFSETS.framesDelta0 + side * DIRECTION_STEP);
  }
  /** From SYN to SYN-ACK, ns; 0: not seen. */
  get synAckAfterNs(): number {
    return this.#count(RECORD_OFFSETS.synAckAfterNs);
  }
  /** From SYN-ACK to ACK, ns; 0: not seen. */
  get ackAfterNs(): number {
    return this.#count(RECORD_OFFSETS.ackAfterNs);
  }
  retransmittedPackets(side: Side): number {
    return this.#u32(RECORD_OFFSETS.retransmittedPackets0 + side * 4);
  }
  retransmittedBytes(side: Side): number {
    return this.#u32(RECORD_OFFSETS.retransmittedBytes0 + side * 4);
  }
  outOfOrder(side: Side): number {
    return this.#u32(RECORD_OFFSETS.outOfOrder0 + side * 4);
  }
  zeroWindows(side: Side): number {
    return this.#u32(RECORD_OFFSETS.zeroWindows0 + side * 4);
  }
  /** 16 bytes. */
  get traceId(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.traceId0, 16);
  }
  /** 8 bytes. */
  get spanId(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.spanId, 8);
  }
  /** 20 bytes, the digest of the Community ID. */
  get communityId(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.community0, 20);
  }
  /** Counts a flow's records, from 1. */
  get number(): number {
    return this.#u32(RECORD_OFFSETS.number);
  }
  tcpFlags(side: Side): number {
    return this.#u8(RECORD_OFFSETS.tcpFlags0 + side);
  }
  ttl(side: Side): number {
    return this.#u8(RECORD_OFFSETS.ttl0 + side);
  }
  /** IPv6 flow label. */
  flowLabel(side: Side): number {
    return this.#u32(RECORD_OFFSETS.label0 + side * 4) & 0x000fffff;
  }
  trafficClass(side: Side): number {
    return this.#u8(RECORD_OFFSETS.label0 + side * 4 + 3);
  }
  icmpType(side: Side): number {
    return this.#u8(RECORD_OFFSETS.icmp + side * 2);
  }
  icmpCode(side: Side): number {
    return this.#u8(RECORD_OFFSETS.icmp + side * 2 + 1);
  }
  /** Ids of the interfaces that saw the flow, in that order; 0 behind the last. */
  interfaceId(place: 0 | 1 | 2 | 3): number {
    return this.#u16(RECORD_OFFSETS.interface0 + place * 2);
  }
  /** 6 bytes, the first packet's source. */
  get sourceMac(): Uint8Array {
    return this.#slice(RECORD_OFFSETS.mac0, 6);
  }
  has(fact: number): boolean {
    return (this.#u32(RECORD_OFFSETS.facts) & fact) !== 0;
  }
  /** The hash that flows are sampled by; of an aggregate 0. */
  get samplingHash(): number {
    return this.#u32(RECORD_OFFSETS.samplingHash);
  }
  /** Notes something about a record that lies in the out ring, before anybody else reads it. */
  note(fact: number): void {
    this.#words[(this.#at + RECORD_OFFSETS.facts) >> 2]! |= fact;
  }
  get initialSequence(): number {
    return this.#u32(RECORD_OFFSETS.initialSequence);
  }
}

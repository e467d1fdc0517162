/**
 * What stands in for records that a full queue has no room for: one record for all flows between two prefixes with one
 * protocol, as the table's own overflow aggregates are; when there are too many of those, one for each protocol.
 */
import {
  Fact,
  FlowRecord,
  QUEUED_OFFSETS,
  QUEUED_RECORD_BYTES,
  RECORD_OFFSETS as AT,
  RECORD_QUEUE_AGGREGATE,
} from "../flow_record.ts";
import { mergeRecord } from "./record_merge.ts";

const AGGREGATES_MAX = 1_024;
const WORDS = QUEUED_RECORD_BYTES / 4;
const IPV4_BITS = 16;
const IPV6_BITS = 32;
const MAPPED_BYTES = 12;
const ADDRESS_BYTES = 16;
/** IPFIX flowEndReason (RFC 5102, 5.11.3). */
const LACK_OF_RESOURCES = 5;
/** Which of its numbers count, and for how many flows it stands. */
const ALIKE = Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE | Fact.KEPT_ANYWAY;
/** Fields that mean one flow and nothing for many. */
const CLEARED: ReadonlyArray<readonly [from: number, to: number]> = [
  [AT.sourcePort, AT.kind],
  [AT.synAckAfterNs, AT.traceId0],
  [AT.community0, AT.number],
  [AT.tcpFlags0, QUEUED_OFFSETS.kind],
  [QUEUED_OFFSETS.flowSet, QUEUED_OFFSETS.flowSet + 4],
  [QUEUED_OFFSETS.sourceSet, QUEUED_RECORD_BYTES],
];

export class AggregateRecords {
  readonly #aggregates = new Map<string, Int32Array<ArrayBuffer>>();

  get count(): number {
    return this.#aggregates.size;
  }

  /** Adds a record to its aggregate. */
  add(record: Int32Array): void {
    const words = record.slice(0, WORDS);
    let key = generalize(words, { ipv4: IPV4_BITS, ipv6: IPV6_BITS });
    if (!this.#aggregates.has(key) && this.#aggregates.size >= AGGREGATES_MAX) {
      key = generalize(words, { ipv4: 0, ipv6: 0 });
    }
    const aggregate = this.#aggregates.get(key);
    if (!aggregate) {
      this.#aggregates.set(key, words);
      return;
    }
    mergeRecord(new Uint8Array(aggregate.buffer), 0, words);
    countFromHere(new DataView(aggregate.buffer));
  }

  /** Gives every aggregate to `sink` and forgets it. */
  moveTo(sink: (record: Int32Array) => void): void {
    for (const words of this.#aggregates.values()) sink(words);
    this.#aggregates.clear();
  }

  *records(): Generator<FlowRecord> {
    for (const words of this.#aggregates.values()) yield new FlowRecord(words.buffer);
  }
}

/** Makes a record one of many flows. Returns what all of its aggregate have in common. */
function generalize(words: Int32Array<ArrayBuffer>, bits: { ipv4: number; ipv6: number }): string {
  const bytes = new Uint8Array(words.buffer);
  const view = new DataView(words.buffer);
  const isIpv4 = view.getUint8(AT.ipVersion) === 4;
  const prefixBits = isIpv4 ? bits.ipv4 : bits.ipv6;
  view.setUint8(AT.what, RECORD_QUEUE_AGGREGATE);
  view.setUint8(AT.endReason, LACK_OF_RESOURCES);
  view.setUint8(AT.prefixBits, prefixBits);
  for (const [from, to] of CLEARED) bytes.fill(0, from, to);
  const keptBytes = (isIpv4 ? MAPPED_BYTES : 0) + prefixBits / 8;
  for (const address of [AT.source0, AT.destination0]) bytes.fill(0, address + keptBytes, address + ADDRESS_BYTES);
  const alike = view.getUint32(AT.facts, true) & ALIKE;
  view.setUint32(AT.facts, alike, true);
  view.setUint32(AT.number, 1, true);
  countFromHere(view);
  const addresses = bytes.subarray(AT.source0, AT.startUnixNs);
  return `${view.getUint8(AT.protocol)} ${alike} ${view.getUint16(QUEUED_OFFSETS.kind, true)} ${addresses.toHex()}`;
}

/** An aggregate began with what it holds: its totals are what is new. */
function countFromHere(view: DataView): void {
  for (const side of [0, AT.packetsDelta1 - AT.packetsDelta0]) {
    view.setBigUint64(AT.packetsTotal0 + side, view.getBigUint64(AT.packetsDelta0 + side, true), true);
    view.setBigUint64(AT.bytesTotal0 + side, view.getBigUint64(AT.bytesDelta0 + side, true), true);
  }
}

/** Two records of one flow as one: what came since the last record adds up, what is so now is the newer one's. */
import { Fact, QUEUED_OFFSETS, QUEUED_RECORD_BYTES, RECORD_OFFSETS as AT } from "../flow_record.ts";

const WORD = 4;
const ALIKE = Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE | Fact.KEPT_ANYWAY;
/** Places, in bytes, of 8-byte numbers that count since the last record. */
const DELTAS = [0, AT.packetsDelta1 - AT.packetsDelta0].flatMap((side) =>
  [AT.packetsDelta0, AT.bytesDelta0, AT.wireBytesDelta0, AT.framesDelta0].map((offset) => offset + side)
);
/** The same, of 4-byte numbers: both sides of each. */
const SMALL_DELTAS = [AT.retransmittedPackets0, AT.retransmittedBytes0, AT.outOfOrder0, AT.zeroWindows0].flatMap(
  (offset) => [offset, offset + WORD],
);
/** What stays the older record's: who, since when, and the span's own id and number. */
const KEPT: ReadonlyArray<readonly [from: number, to: number]> = [
  [AT.startUnixNs, AT.endUnixNs],
  [AT.traceId0, AT.community0],
  [AT.number, AT.tcpFlags0],
];
/** A name that is known stays when a later record has none. */
const SETS = [QUEUED_OFFSETS.flowSet, QUEUED_OFFSETS.sourceSet, QUEUED_OFFSETS.destinationSet];
const U32_MAX = 0xffff_ffff;

/** Whether two records are of one flow and count alike, so that their sum is one. words, from: the one that waits. */
export function isSameFlow(words: Int32Array, fromWord: number, record: Int32Array): boolean {
  const same = (offset: number) => words[fromWord + offset / WORD] === record[offset / WORD];
  for (let offset: number = AT.traceId0; offset < AT.spanId; offset += WORD) if (!same(offset)) return false;
  if (!same(AT.startUnixNs) || !same(AT.startUnixNs + WORD)) return false;
  return ((words[fromWord + AT.facts / WORD]! ^ record[AT.facts / WORD]!) & ALIKE) === 0;
}

/** Adds a later record of the same flow to the one at `byteOffset`. */
export function mergeRecord(bytes: Uint8Array<ArrayBuffer>, byteOffset: number, later: Int32Array): void {
  const older = new DataView(bytes.buffer, bytes.byteOffset + byteOffset);
  const newer = new DataView(later.buffer, later.byteOffset);
  const deltas = DELTAS.map((offset) => older.getBigUint64(offset, true) + newer.getBigUint64(offset, true));
  // lower bounds: past 32 bits they stay where they are
  const smallDeltas = SMALL_DELTAS.map((offset) =>
    Math.min(U32_MAX, older.getUint32(offset, true) + newer.getUint32(offset, true))
  );
  const kept = KEPT.map(([from, to]) => bytes.slice(byteOffset + from, byteOffset + to));
  const sets = SETS.map((offset) => newer.getUint32(offset, true) || older.getUint32(offset, true));
  for (let offset = 0; offset < QUEUED_RECORD_BYTES; offset += WORD) {
    older.setUint32(offset, newer.getUint32(offset, true), true);
  }
  KEPT.forEach(([from], i) => bytes.set(kept[i]!, byteOffset + from));
  SETS.forEach((offset, i) => older.setUint32(offset, sets[i]!, true));
  DELTAS.forEach((offset, i) => older.setBigUint64(offset, deltas[i]!, true));
  SMALL_DELTAS.forEach((offset, i) => older.setUint32(offset, smallDeltas[i]!, true));
}

/** Records whose spans have 40 attributes, as a UDP flow on a tagged device between two named pods has. */
import type { AttributeSet } from "../../src/attribute_sets.ts";
import type { References } from "../../src/export/mod.ts";
import { flowSpan } from "../../src/export/span.ts";
import type { Meaning } from "../../src/flow.ts";
import { Fact, FlowRecord, RECORD_BYTES, RECORD_OFFSETS as AT } from "../../src/flow_record.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

export const ATTRIBUTES_EACH = 40;
const PODS = 200;

const SETS: AttributeSet[] = Array.from({ length: PODS }, (_, i) => ({
  id: i + 1,
  attributes: { "k8s.pod.name": `checkout-7d9f8b6c5d-${i.toString(36).padStart(5, "x")}` },
}));

export const REFERENCES: References = {
  interfaceOf: (id) => ({ name: `veth${id.toString(16).padStart(8, "0")}`, ifindex: id }),
  setOf: (id) => SETS[id - 1],
};

const MEANINGS: Meaning[] = Array.from({ length: PODS }, (_, i) => ({
  kind: "INTERNAL",
  source: SETS[i]!,
  destination: SETS[(i * 7 + 3) % PODS]!,
  flow: undefined,
}));

/** The meaning of the i-th record. */
export function benchMeaning(i: number): Meaning {
  return MEANINGS[i % PODS]!;
}

export class BenchRecords implements Iterable<FlowRecord> {
  readonly #record: FlowRecord;
  readonly count: number;

  constructor(bytes: Uint8Array, count: number) {
    this.#record = new FlowRecord(bytes.buffer);
    this.count = count;
  }

  at(index: number): FlowRecord {
    return this.#record.moveTo(index * RECORD_BYTES);
  }

  *[Symbol.iterator](): Generator<FlowRecord> {
    for (let i = 0; i < this.count; i++) yield this.at(i);
  }
}

export function benchRecords(count: number): BenchRecords {
  const bytes = new Uint8Array(count * RECORD_BYTES);
  const random = seededRandom(41);
  for (let i = 0; i < count; i++) fill(bytes.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), random);
  const records = new BenchRecords(bytes, count);
  const attributes = Object.keys(flowSpan(records.at(0), { ...benchMeaning(0), ...REFERENCES }).attributes);
  if (attributes.length !== ATTRIBUTES_EACH) throw new Error(`${attributes.length} attributes: ${attributes}`);
  return records;
}

function fill(bytes: Uint8Array, random: () => number): void {
  fillRandomRecord(bytes, random, 24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  view.setUint8(AT.what, 0);
  view.setUint8(AT.protocol, 17);
  view.setUint8(AT.ipVersion, 4);
  view.setUint8(AT.kind, 0);
  view.setUint8(AT.endReason, 1);
  view.setUint16(AT.vlan, 7, true);
  view.setUint32(AT.number, 1, true);
  view.setUint32(AT.label0, 0, true);
  view.setUint32(AT.label0 + 4, 0, true);
  for (const offset of [AT.source0, AT.destination0]) bytes.set([...Array(10).fill(0), 0xff, 0xff, 10, 7], offset);
  for (const side of [0, 48]) view.setBigUint64(AT.packetsTotal0 + side, 1n + BigInt(Math.floor(random() * 1e6)), true);
  bytes.set([2, 0, 0, 0, 7, 1], AT.mac0);
  for (let place = 0; place < 4; place++) view.setUint16(AT.interface0 + place * 2, place < 2 ? 3 + place : 0, true);
  view.setUint32(AT.facts, Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE, true);
}

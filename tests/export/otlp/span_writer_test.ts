/** The fast way of writing a span says what the attribute table says. */
import assert from "node:assert/strict";
import { spanModule } from "../../../src/artifacts.ts";
import { SpanWriter } from "../../../src/export/otlp/span_writer.ts";
import { flowSpan } from "../../../src/export/span.ts";
import { SPAN_KINDS } from "../../../src/flow.ts";
import { FlowRecord, QUEUED_RECORD_BYTES, RECORD_BYTES } from "../../../src/flow_record.ts";
import { decodeSpans } from "../../support/otlp_decoder.ts";
import { fillRandomRecord, seededRandom } from "../../support/random_records.ts";

const RECORDS = 499;
const SEED = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 2 ** 31);

/** Two of nine are unknown, one has no index, one no name. */
function interfaceOf(id: number): { name: string | undefined; ifindex: number | undefined } | undefined {
  if (id === 0 || id > 7) return undefined;
  return { name: id === 6 ? undefined : `veth-${id}`.padEnd(8 + id, "x"), ifindex: id === 5 ? undefined : id * 131 };
}

function randomRecords(random: () => number): Uint8Array {
  const records = new Uint8Array(RECORDS * RECORD_BYTES);
  for (let i = 0; i < RECORDS; i++) {
    fillRandomRecord(records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), random, 53);
  }
  return records;
}

/** As a queue holds them. */
function queued(record: FlowRecord, kinds: readonly number[]): Uint8Array {
  const words = new Int32Array(kinds.length * QUEUED_RECORD_BYTES / 4);
  kinds.forEach((kind, i) => record.moveTo(i * RECORD_BYTES).copyTo(words, i * QUEUED_RECORD_BYTES / 4, kind));
  return new Uint8Array(words.buffer);
}

Deno.test(`SpanWriter writes what the attribute table says, for any record (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const writer = new SpanWriter(spanModule(), { recordsMax: RECORDS, interfaceOf });
  for (let round = 0; round < 5; round++) {
    const records = randomRecords(random);
    const kinds = Array.from({ length: RECORDS }, () => Math.floor(random() * SPAN_KINDS.length));
    const record = new FlowRecord(records.buffer);
    const spans = decodeSpans(writer.write(queued(record, kinds)));
    assert.equal(spans.length, RECORDS);
    spans.forEach((span, i) => {
      const kind = SPAN_KINDS[kinds[i]!]!;
      assert.deepEqual(span, flowSpan(record.moveTo(i * RECORD_BYTES), { kind, interfaceOf }), `record ${i}`);
    });
  }
});

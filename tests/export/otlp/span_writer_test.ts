/** The fast way of writing a span says what the attribute table says. */
import assert from "node:assert/strict";
import { spanModule } from "../../../src/artifacts.ts";
import { SpanWriter } from "../../../src/export/otlp/span_writer.ts";
import { flowSpan } from "../../../src/export/span.ts";
import { RequestHead } from "../../../src/export/otlp/request_head.ts";
import type { Meaning } from "../../../src/flow.ts";
import { FlowRecord, QUEUED_RECORD_BYTES, RECORD_BYTES } from "../../../src/flow_record.ts";
import { meaning, randomMeaning, randomSets } from "../../support/meanings.ts";
import { decodeRequest } from "../../support/otlp_decoder.ts";
import { fillRandomRecord, seededRandom } from "../../support/random_records.ts";

const RECORDS = 499;
const SEED = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 2 ** 31);

/** Two of nine are unknown, one has no index, one no name. */
function interfaceOf(id: number): { name: string | undefined; ifindex: number | undefined } | undefined {
  if (id === 0 || id > 7) return undefined;
  return { name: id === 6 ? undefined : `veth-${id}`.padEnd(8 + id, "x"), ifindex: id === 5 ? undefined : id * 131 };
}

/** countBits: how large counts may be. */
function randomRecords(random: () => number, countBits = 53): Uint8Array {
  const records = new Uint8Array(RECORDS * RECORD_BYTES);
  for (let i = 0; i < RECORDS; i++) {
    fillRandomRecord(records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), random, countBits);
  }
  return records;
}

/** As a queue holds them. */
function queued(record: FlowRecord, meanings: readonly Meaning[]): Uint8Array {
  const words = new Int32Array(meanings.length * QUEUED_RECORD_BYTES / 4);
  meanings.forEach((meaning, i) => record.moveTo(i * RECORD_BYTES).copyTo(words, i * QUEUED_RECORD_BYTES / 4, meaning));
  return new Uint8Array(words.buffer);
}

const RESOURCE = { "service.name": "weir", "host.ip": ["10.0.0.1", "fe80::1"] };
const HEAD = () => new RequestHead(RESOURCE, { name: "weir", version: "1.2.3" });

Deno.test(`SpanWriter writes what the attribute table says, for any record (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const sets = randomSets(101, random);
  for (const samplingRate of [undefined, 0.125]) {
    const references = { interfaceOf, setOf: (id: number) => sets[id - 1], samplingRate };
    const writer = new SpanWriter(spanModule(), { recordsMax: RECORDS, head: HEAD, references, isWanted: () => true });
    for (let round = 0; round < 3; round++) {
      // counts that take nine bytes each, and ones that take four
      const records = randomRecords(random, round % 2 ? 28 : 53);
      const meanings = Array.from({ length: RECORDS }, () => randomMeaning(sets, random));
      const record = new FlowRecord(records.buffer);
      const { spans, resource, scope } = decodeRequest(writer.write(queued(record, meanings))!);
      assert.equal(spans.length, RECORDS);
      assert.deepEqual(resource, RESOURCE);
      assert.deepEqual({ ...scope }, { name: "weir", version: "1.2.3" });
      spans.forEach((span, i) => {
        assert.deepEqual(
          span,
          flowSpan(record.moveTo(i * RECORD_BYTES), { ...meanings[i]!, interfaceOf, samplingRate }),
          `record ${i}`,
        );
      });
    }
  }
});

Deno.test("SpanWriter writes no request that is larger than receivers take, and goes on with less", () => {
  const random = seededRandom(SEED);
  const sets = [{ id: 1, attributes: { "k8s.pod.annotation.long": "x".repeat(20_011) } }];
  const writer = new SpanWriter(spanModule(), {
    recordsMax: 101,
    requestBytesMax: 1_000_003,
    head: HEAD,
    references: { interfaceOf, setOf: (id) => sets[id - 1] },
    isWanted: () => true,
  });
  const record = new FlowRecord(randomRecords(random).buffer);
  const named = (count: number) => Array.from({ length: count }, () => meaning("CLIENT", { source: sets[0]! }));
  assert.equal(writer.write(queued(record, named(101))), undefined);
  const request = writer.write(queued(record, named(31)))!;
  assert(request.length > 31 * 20_011 && request.length <= 1_000_003);
  assert.equal(decodeRequest(request).spans.length, 31);
});

Deno.test("SpanWriter forgets pieces of sets when there are too many, not while it writes", () => {
  const sets = Array.from(
    { length: 9_001 },
    (_, i) => ({ id: i + 1, attributes: { "k8s.pod.name": `pod-${i}`.padEnd(997) } }),
  );
  const writer = new SpanWriter(spanModule(), {
    recordsMax: RECORDS,
    head: HEAD,
    references: { interfaceOf, setOf: (id) => sets[id - 1] },
    isWanted: () => true,
  });
  const record = new FlowRecord(randomRecords(seededRandom(SEED)).buffer);
  for (let first = 0; first + RECORDS <= sets.length; first += RECORDS) {
    const meanings = sets.slice(first, first + RECORDS).map((source) => meaning("SERVER", { source }));
    const { spans } = decodeRequest(writer.write(queued(record, meanings))!);
    assert.deepEqual(
      spans.map(({ attributes }) => attributes["source.k8s.pod.name"]),
      meanings.map(({ source }) => source!.attributes["k8s.pod.name"]),
    );
  }
});

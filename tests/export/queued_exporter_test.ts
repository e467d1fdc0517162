/** Every record is answered for, whatever the receiver does. */
import assert from "node:assert/strict";
import { sum } from "../../src/books.ts";
import { QueuedExporter } from "../../src/export/queued_exporter.ts";
import type { RecordBatch } from "../../src/export/record_queue.ts";
import type { Answer, Sender } from "../../src/export/sender.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import { CLIENT } from "../support/meanings.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

const DELIVERED: Answer = { outcome: "delivered" };

/** Answers as it is told: one after the other, the last one for ever. */
class ScriptedSender implements Sender {
  readonly name = "scripted";
  readonly batchRecordsWanted = 101;
  readonly batchRecordsMax = 101;
  readonly lingerMs = 5;
  readonly batchesInFlightMax = 3;
  readonly isOver = false;
  readonly batches: string[][] = [];
  inFlight = 0;
  inFlightMost = 0;
  closed = false;
  readonly #answers: Array<Answer | Promise<Answer>>;

  constructor(...answers: Array<Answer | Promise<Answer>>) {
    this.#answers = answers;
  }

  async send(batch: RecordBatch): Promise<Answer> {
    this.inFlightMost = Math.max(this.inFlightMost, ++this.inFlight);
    this.batches.push(Array.from({ length: batch.count }, (_, i) => batch.record(i).spanId.toHex()));
    const answer = this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!;
    await Promise.resolve();
    try {
      return await answer;
    } finally {
      this.inFlight--;
    }
  }

  close(): void {
    this.closed = true;
  }
}

function open(sender: Sender): QueuedExporter {
  return new QueuedExporter(sender, { queueRecordsMax: 2_048, random: () => 0 });
}

/** Hands over `count` records and returns their sum. */
function feed(exporter: QueuedExporter, count: number): RecordSum {
  const bytes = new Uint8Array(RECORD_BYTES);
  const record = new FlowRecord(bytes.buffer);
  const random = seededRandom(11);
  const total = new RecordSum();
  for (let i = 0; i < count; i++) {
    fillRandomRecord(bytes, random);
    total.add(record.moveTo(0));
    exporter.accept(record, CLIENT);
  }
  return total;
}

function assertBooksClose(exporter: QueuedExporter, fed: RecordSum): void {
  const { queued, exported, lost_export } = exporter.terms();
  assert.deepEqual(sum(queued, exported, ...Object.values(lost_export)), fed.amount());
}

Deno.test("QueuedExporter delivers what it gets, in batches, some at once", async () => {
  const sender = new ScriptedSender(DELIVERED);
  const exporter = open(sender);
  const fed = feed(exporter, 997);
  assertBooksClose(exporter, fed);
  await exporter.close(5_000);
  assert.deepEqual(exporter.records(), { queued: 0, exported: 997, lost: {} });
  assert.deepEqual(exporter.terms().exported, fed.amount());
  assert.equal(sender.batches.flat().length, 997);
  assert(sender.batches.every(({ length }) => length <= 101));
  assert.equal(sender.inFlightMost, 3);
  assert(sender.closed);
});

Deno.test("QueuedExporter sends a few records when they have waited long enough", async () => {
  const sender = new ScriptedSender(DELIVERED);
  const exporter = open(sender);
  feed(exporter, 7);
  const deadline = performance.now() + 5_000;
  while (exporter.records().exported < 7 && performance.now() < deadline) await new Promise((r) => setTimeout(r, 2));
  assert.equal(exporter.records().exported, 7);
  await exporter.close(0);
});

Deno.test("QueuedExporter tries a batch again, the same one, until it is taken", async () => {
  const sender = new ScriptedSender(
    { outcome: "retry", detail: "busy", afterMs: 3 },
    { outcome: "retry", detail: "busy", afterMs: 3 },
    DELIVERED,
  );
  const exporter = open(sender);
  const fed = feed(exporter, 89);
  const deadline = performance.now() + 5_000;
  while (exporter.records().exported < 89 && performance.now() < deadline) {
    assertBooksClose(exporter, fed);
    await new Promise((r) => setTimeout(r, 2));
  }
  assert.equal(sender.batches.length, 3);
  assert.deepEqual(sender.batches[2], sender.batches[0]);
  assert.equal(exporter.problem, undefined);
  await exporter.close(0);
  assertBooksClose(exporter, fed);
});

Deno.test("QueuedExporter waits though a receiver asks for longer than any timer takes, or for nothing", async () => {
  const waits = [[2 ** 31 + 1, 1], [Infinity, 1], [0, 2]] as const;
  for (const [afterMs, tries] of waits) {
    const sender = new ScriptedSender({ outcome: "retry", detail: "busy", afterMs });
    const exporter = open(sender);
    const fed = feed(exporter, 89);
    await new Promise((r) => setTimeout(r, 100));
    assert.equal(sender.batches.length, tries, `${afterMs} ms`);
    exporter.giveUp();
    await exporter.close(0);
    assertBooksClose(exporter, fed);
  }
});

Deno.test("QueuedExporter books what is rejected, all or in part, under its reason", async () => {
  const sender = new ScriptedSender(
    { outcome: "rejected", reason: "http_400", detail: "bad" },
    { outcome: "partly_rejected", count: 13, reason: "rejected_partly", detail: "some" },
    DELIVERED,
  );
  const exporter = open(sender);
  const fed = feed(exporter, 303);
  await exporter.close(5_000);
  assert.deepEqual(exporter.records(), {
    queued: 0,
    exported: 303 - 101 - 13,
    lost: { http_400: 101, rejected_partly: 13 },
  });
  assertBooksClose(exporter, fed);
});

Deno.test("QueuedExporter, closed before there is an answer, says which records may have arrived", async () => {
  const never = new Promise<Answer>(() => {});
  const sender = new ScriptedSender(never);
  const exporter = open(sender);
  const fed = feed(exporter, 499);
  await exporter.close(20);
  assert.deepEqual(exporter.records(), { queued: 0, exported: 0, lost: { unknown: 303, deadline: 196 } });
  assertBooksClose(exporter, fed);
});

Deno.test("QueuedExporter takes every record of a long outage, says that detail is lost, and loses no packet", async () => {
  let end: (answer: Answer) => void = () => {};
  const outage = new Promise<Answer>((resolve) => end = resolve);
  const sender = new ScriptedSender(outage, outage, outage, DELIVERED);
  const exporter = open(sender);
  const fed = feed(exporter, 10_007);
  assert.equal(exporter.isReady(), false);
  assertBooksClose(exporter, fed);
  end(DELIVERED);
  await exporter.close(5_000);
  assert.equal(exporter.records().queued, 0);
  assert.deepEqual(exporter.terms().exported, fed.amount());
  assert.equal(exporter.isReady(), true);
});

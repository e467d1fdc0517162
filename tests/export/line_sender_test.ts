/** Lines to a stream: in order, each once, and answered for when nobody reads, or reads slowly. */
import assert from "node:assert/strict";
import { LineSender, type LineStream } from "../../src/export/line_sender.ts";
import { QueuedExporter } from "../../src/export/queued_exporter.ts";
import { Fact } from "../../src/flow_record.ts";
import { buildRecord } from "../support/build_record.ts";
import { CLIENT } from "../support/meanings.ts";

/** Writes when it is let; breaks when it is told to. */
class FakeStream implements LineStream {
  text = "";
  writes = 0;
  #gate = Promise.resolve();
  #broken = false;

  async write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    await this.#gate;
    if (this.#broken) throw new Deno.errors.BrokenPipe();
    this.text += new TextDecoder().decode(bytes);
  }

  /** Lets nobody write until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  breakPipe(): void {
    this.#broken = true;
  }
}

const format = (record: { number: number }) => `${record.number}\n`;

function open(stream: LineStream, header = ""): QueuedExporter {
  const sender = new LineSender("lines", stream, format, header);
  return new QueuedExporter(sender, { queueRecordsMax: 2_048, random: () => 0 });
}

function feed(exporter: QueuedExporter, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    exporter.accept(buildRecord({ number, facts: Fact.COUNTED_FORWARD, forward: { packets: 1, bytes: 100 } }), CLIENT);
  }
}

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}\n`).join("");

Deno.test("LineSender writes every line once and in order, behind its header", async () => {
  const stream = new FakeStream();
  const exporter = open(stream, "HEADER\n");
  feed(exporter, 1, 1_001);
  await exporter.close(5_000);
  assert.equal(stream.text, "HEADER\n" + lines(1, 1_001));
  assert.deepEqual(exporter.records(), { queued: 0, exported: 1_000, lost: {} });
  assert(stream.writes < 20, "many lines in one write");
});

Deno.test("LineSender, behind a closed pipe, says so for what was written and what comes", async () => {
  const stream = new FakeStream();
  const exporter = open(stream);
  feed(exporter, 1, 8);
  stream.breakPipe();
  await waitUntil(() => exporter.isOver);
  feed(exporter, 8, 14);
  await exporter.close(5_000);
  assert.deepEqual(exporter.records(), { queued: 0, exported: 0, lost: { output_closed: 13 } });
  assert.equal(exporter.terms().lost_export.output_closed!.packets, 13n);
  assert.equal(stream.text, "");
});

Deno.test("LineSender waits for a slow reader, one write at a time, and the books know what waits", async () => {
  const stream = new FakeStream();
  const release = stream.hold();
  const exporter = open(stream);
  feed(exporter, 1, 501);
  await waitUntil(() => stream.writes > 0);
  assert.equal(exporter.terms().queued.packets, 500n);
  assert.equal(stream.writes, 1);
  release();
  await exporter.close(5_000);
  assert.equal(stream.text, lines(1, 501));
  assert.equal(exporter.terms().exported.packets, 500n);
});

Deno.test("LineSender's reader that never reads loses its lines at the deadline, by name", async () => {
  const stream = new FakeStream();
  const release = stream.hold();
  const exporter = open(stream);
  feed(exporter, 1, 501);
  await waitUntil(() => stream.writes > 0);
  await exporter.close(20);
  const { queued, exported, lost } = exporter.records();
  assert.deepEqual([queued, exported], [0, 0]);
  assert.equal(Object.values(lost).reduce((sum, count) => sum + count, 0), 500);
  release();
});

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert(performance.now() < deadline, "it came in time");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("LineSender writes no header where no line comes, and its end waits for no reader", async () => {
  const stream = new FakeStream();
  const exporter = open(stream, "HEADER\n");
  await exporter.close(5_000);
  assert.equal(stream.writes, 0);

  stream.hold();
  const held = open(stream, "HEADER\n");
  feed(held, 1, 8);
  await held.close(0);
  assert.deepEqual(held.records(), { queued: 0, exported: 0, lost: { unknown: 7 } });
});

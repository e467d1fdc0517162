/** A queue gives up resolution, then detail, and never a packet. */
import assert from "node:assert/strict";
import { sum, zeroAmount } from "../../src/books.ts";
import { type RecordBatch, RecordQueue } from "../../src/export/record_queue.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { FlowRecord, RECORD_BYTES, RECORD_OFFSETS as AT, RECORD_QUEUE_AGGREGATE } from "../../src/flow_record.ts";
import { CLIENT, INTERNAL, SERVER } from "../support/meanings.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

const SEED = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 2 ** 31);
const KINDS = [INTERNAL, SERVER, CLIENT];
const QUEUE_RECORDS = 2_048;

interface Source {
  record: FlowRecord;
  bytes: Uint8Array;
  view: DataView;
}

function openSource(): Source {
  const bytes = new Uint8Array(RECORD_BYTES);
  return { record: new FlowRecord(bytes.buffer), bytes, view: new DataView(bytes.buffer) };
}

/** One record of flow `number`, with counts that stay exact in sums. */
function next({ record, bytes, view }: Source, flow: number, random: () => number): FlowRecord {
  fillRandomRecord(bytes, seededRandom(flow + 1));
  view.setUint8(AT.what, 0);
  for (let offset: number = AT.packetsDelta0; offset < AT.synAckAfterNs; offset += 8) {
    view.setBigUint64(offset, BigInt(Math.floor(random() * 10_007)), true);
  }
  view.setUint32(AT.number, Math.floor(random() * 97), true);
  view.setBigUint64(AT.spanId, BigInt(Math.floor(random() * 2 ** 50)), true);
  return record.moveTo(0);
}

function sumOf(batches: RecordBatch[]): RecordSum {
  const total = new RecordSum();
  for (const batch of batches) for (let i = 0; i < batch.count; i++) total.add(batch.record(i));
  return total;
}

function takeAll(queue: RecordQueue): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let batch = queue.take(503); batch; batch = queue.take(503)) batches.push(batch);
  return batches;
}

Deno.test("RecordQueue hands records out in the order in which they came, each as it was", () => {
  const queue = new RecordQueue(QUEUE_RECORDS);
  const source = openSource();
  const random = seededRandom(3);
  const spanIds: string[] = [];
  for (let flow = 0; flow < 1_999; flow++) {
    queue.push(next(source, flow, random), KINDS[flow % 3]!);
    spanIds.push(source.record.spanId.toHex());
  }
  const batches = takeAll(queue);
  const taken = batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => batch.record(i).spanId.toHex())
  );
  assert.deepEqual(taken, spanIds);
  assert.equal(queue.waiting, 0);
  assert.deepEqual(queue.counts, { merged: 0, aggregated: 0 });
});

Deno.test("RecordQueue, full, adds a record to the one of its flow that waits, and keeps who and since when", () => {
  const queue = new RecordQueue(QUEUE_RECORDS);
  const source = openSource();
  const random = seededRandom(5);
  for (let flow = 0; flow < QUEUE_RECORDS; flow++) queue.push(next(source, flow, random), CLIENT);
  assert.equal(queue.isFull, false);
  const later = next(source, 1_031, random);
  const added = later.packetsDelta(0);
  const total = later.packetsTotal(1);
  queue.push(later, CLIENT);
  assert.equal(queue.isFull, true);
  assert.equal(queue.waiting, QUEUE_RECORDS);
  assert.deepEqual(queue.counts, { merged: 1, aggregated: 0 });
  const [first, second] = [queue.take(1_024)!, queue.take(1_024)!];
  assert.equal(first.count, 1_024);
  const merged = second.record(1_031 - 1_024);
  const older = seededRandom(5);
  const reference = openSource();
  for (let flow = 0; flow < 1_031; flow++) next(reference, flow, older);
  const before = next(reference, 1_031, older);
  assert.equal(merged.packetsDelta(0), before.packetsDelta(0) + added);
  assert.equal(merged.packetsTotal(1), total);
  assert.equal(merged.spanId.toHex(), before.spanId.toHex());
  assert.equal(merged.number, before.number);
  assert.equal(merged.startUnixNs, before.startUnixNs);
});

Deno.test("RecordQueue, full, adds records of other flows to aggregates that say so", () => {
  const queue = new RecordQueue(QUEUE_RECORDS);
  const source = openSource();
  const random = seededRandom(7);
  for (let flow = 0; flow < QUEUE_RECORDS + 5_003; flow++) queue.push(next(source, flow, random), CLIENT);
  assert.equal(queue.counts.aggregated, 5_003);
  assert(queue.waiting - QUEUE_RECORDS < 1_220, `${queue.waiting - QUEUE_RECORDS} aggregates`);
  const batches = takeAll(queue);
  const records = batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => ({ ...fields(batch.record(i)) }))
  );
  const aggregates = records.filter(({ what }) => what === RECORD_QUEUE_AGGREGATE);
  assert.equal(records.length - aggregates.length, QUEUE_RECORDS);
  for (const { sourcePort, delta, total } of aggregates) {
    assert.equal(sourcePort, 0);
    assert.equal(total, delta);
  }
});

function fields(record: FlowRecord) {
  return {
    what: record.what,
    sourcePort: record.sourcePort,
    delta: record.packetsDelta(0),
    total: record.packetsTotal(0),
  };
}

Deno.test(`RecordQueue loses no packet, whatever comes and goes in whatever order (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const queue = new RecordQueue(QUEUE_RECORDS);
  const source = openSource();
  const pushed = new RecordSum();
  const taken: RecordSum[] = [];
  let sending: RecordBatch[] = [];
  for (let step = 0; step < 20_011; step++) {
    // long stretches in which more comes than goes, then the other way
    const pushes = Math.floor(step / 5_003) % 2 === 0 ? 0.9 : 0.3;
    if (random() < pushes) {
      const record = next(source, Math.floor(random() * 3_001), random);
      pushed.add(record);
      queue.push(record, KINDS[Math.floor(random() * 3)]!);
    } else if (random() < 0.01) {
      const batch = queue.take(1 + Math.floor(random() * 499));
      if (batch) sending.push(batch);
      if (batch) taken.push(sumOf([batch]));
    } else if (sending.length && random() < 0.1) {
      const [batch] = sending.splice(Math.floor(random() * sending.length), 1);
      queue.release(batch!);
    }
    if (step % 1_009 === 0) {
      const waiting = new RecordSum();
      for (const record of queue.waitingRecords()) waiting.add(record);
      assert.equal(waiting.records, queue.waiting);
      assert.deepEqual(sum(zeroAmount(), waiting.amount(), ...taken.map((t) => t.amount())), pushed.amount());
    }
  }
  for (const batch of sending) queue.release(batch);
  sending = takeAll(queue);
  taken.push(sumOf(sending));
  assert.deepEqual(sum(...taken.map((t) => t.amount())), pushed.amount());
  assert(queue.counts.merged > 0 && queue.counts.aggregated > 0, JSON.stringify(queue.counts));
});

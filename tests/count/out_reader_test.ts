/** The main thread's end of the out ring. */
import assert from "node:assert/strict";
import { OUT_CONSUMED, OUT_PRODUCED, OutReader } from "../../src/count/mod.ts";
import { RECORD_BYTES, RECORD_OFFSETS } from "../../src/flow_record.ts";
import { createMemory, planMemory } from "../../src/memory_plan.ts";

const RECORDS = 16;
const plan = planMemory({
  cpuCount: 1,
  pageBytes: 4096,
  slots: 256,
  ringBytes: 4096,
  flowsMax: 10,
  outRecords: RECORDS,
});

function open(): { out: OutReader; words: Int32Array; produce(number: number): void } {
  const memory = createMemory(plan);
  const words = new Int32Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const produce = (number: number) => {
    const produced = Atomics.load(words, OUT_PRODUCED >> 2);
    const at = plan.out + (produced & (RECORDS - 1)) * RECORD_BYTES;
    view.setUint32(at + RECORD_OFFSETS.number, number, true);
    Atomics.store(words, OUT_PRODUCED >> 2, produced + 1);
  };
  return { out: new OutReader(memory, plan), words, produce };
}

Deno.test("OutReader gives records in order, at most as many as asked for, round the ring", () => {
  const { out, words, produce } = open();
  const seen: number[] = [];
  let next = 0;
  for (let turn = 0; turn < 101; turn++) {
    while (out.waiting() < RECORDS) produce(next++);
    const taken = out.take(1 + turn % 7, (record) => seen.push(record.number));
    assert.equal(taken, 1 + turn % 7);
    assert.equal(Atomics.load(words, OUT_CONSUMED >> 2), seen.length);
  }
  assert.deepEqual(seen, seen.map((_, i) => i));
  const left = out.waiting();
  assert.equal(left, RECORDS - (1 + 100 % 7));
  assert.equal(out.take(1_000, () => {}), left);
  assert.equal(out.waiting(), 0);
  assert.equal(out.take(1_000, () => assert.fail("there is none")), 0);
});

Deno.test("OutReader gives places back only after the sink has read them", () => {
  const { out, words, produce } = open();
  for (let i = 0; i < 3; i++) produce(i);
  out.take(3, () => assert.equal(Atomics.load(words, OUT_CONSUMED >> 2), 0));
  assert.equal(Atomics.load(words, OUT_CONSUMED >> 2), 3);
});

Deno.test("OutReader.look() shows what waits and leaves it", () => {
  const { out, produce } = open();
  for (let i = 0; i < 7; i++) produce(i);
  out.take(2, () => {});
  for (const take of [false, true]) {
    const seen: number[] = [];
    if (take) out.take(100, (record) => seen.push(record.number));
    else out.look((record) => seen.push(record.number));
    assert.deepEqual(seen, [2, 3, 4, 5, 6]);
  }
  assert.equal(out.waiting(), 0);
});

Deno.test("OutReader.wait() ends when there are records already, when they come, when it is woken, and in time", async () => {
  const { out, words, produce } = open();
  const LONG_MS = 20_000;
  // waiting alone does not keep Deno from its end
  const alive = setInterval(() => {}, 1_000);
  const before = performance.now();
  await out.wait(20);
  assert(performance.now() - before >= 15);
  const coming = out.wait(LONG_MS);
  produce(1);
  Atomics.notify(words, OUT_PRODUCED >> 2);
  await coming;
  await out.wait(LONG_MS); // not taken yet
  out.take(1, () => {});
  const woken = out.wait(LONG_MS);
  out.wake();
  await woken;
  clearInterval(alive);
  assert(performance.now() - before < LONG_MS);
});

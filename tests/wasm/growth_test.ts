/** The pool and the index grow step by step while flows come and go, and every flow stays findable. */
import assert from "node:assert/strict";
import { Random } from "../support/random.ts";
import { openTableRig, type TableRig } from "../support/table_rig.ts";

const SEGMENT_ENTRIES = 16_384;

function tuple(i: number): { source: string; destination: string; sourcePort: number } {
  return {
    source: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
    destination: "10.200.0.1",
    sourcePort: 40_000 + i % 20_000,
  };
}

/** Sees flows of these numbers, through as many slots as there are. */
function see(rig: TableRig, numbers: Iterable<number>): void {
  let slot = 0;
  for (const i of numbers) {
    rig.slots.see({ ...tuple(i), packets: 1 + i % 5, atNs: rig.nowNs }, slot++ % rig.plan.slotCount);
    if (slot % 300 === 0) rig.drain();
  }
  rig.count();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

Deno.test("flows over several segments of the pool are each found again, and end each once", async () => {
  const flows = 2 * SEGMENT_ENTRIES + 4_001;
  const rig = await openTableRig({ memory: { flowsMax: 50_000, outRecords: 1_024 }, seed: 7 });
  const before = rig.lab.books.stats().indexBuckets;
  see(rig, range(0, flows));
  see(rig, range(0, flows));
  const stats = rig.lab.books.stats();
  assert.equal(stats.flows, flows);
  assert.equal(stats.flowsCreated, flows);
  assert.equal(stats.poolHigh, flows);
  assert(stats.indexBuckets > before && stats.indexBuckets <= rig.plan.indexBucketsMax);
  const records = rig.flush();
  assert.equal(records.length, flows);
  const seen = new Map(records.map(({ source, forward }) => [source, forward.packets]));
  for (const i of range(0, flows)) assert.equal(seen.get(tuple(i).source), 2 * (1 + i % 5));
  rig.checkClosed();
  assert.equal(rig.lab.books.stats().indexOverflows, 0, "emptied buckets are given back");
});

Deno.test("entries of ended flows are used again before the pool grows", async () => {
  const rig = await openTableRig({ memory: { flowsMax: 50_000 }, table: { udpTimeoutMs: 100 }, seed: 7 });
  for (let round = 0; round < 7; round++) {
    see(rig, range(round * 3_000, round * 3_000 + 3_000));
    rig.at((round + 1) * 100);
    assert.equal(rig.sweep().length, 3_000);
  }
  const { poolHigh, flowsCreated, flows } = rig.lab.books.stats();
  assert.deepEqual({ poolHigh, flowsCreated, flows }, { poolHigh: 3_000, flowsCreated: 21_000, flows: 0 });
  rig.checkClosed();
});

Deno.test("the index finds every flow at each size on the way, with flows going while it grows", async () => {
  const random = new Random(1_299_709);
  const rig = await openTableRig({ memory: { flowsMax: 50_000 }, table: { udpTimeoutMs: 1_000 }, seed: 11 });
  const live = new Map<number, number>(); // flow → when it is due, ms
  let next = 0;
  for (let ms = 100; ms <= 4_000; ms += 100) {
    rig.at(ms);
    const fresh = range(next, next += random.below(700));
    const again = [...live.keys()].filter(() => random.oneIn(3));
    see(rig, [...fresh, ...again]);
    for (const i of [...fresh, ...again]) live.set(i, ms + 1_000);
    const due = [...live].filter(([, at]) => at <= ms).map(([i]) => i);
    const ended = rig.sweep().map(({ source }) => source).sort();
    assert.deepEqual(ended, due.map((i) => tuple(i).source).sort());
    for (const i of due) live.delete(i);
    assert.equal(rig.lab.books.stats().flows, live.size);
  }
  assert.equal(rig.lab.books.stats().aggregates, 0);
  rig.flush();
  rig.checkClosed();
});

Deno.test("a hash that puts every flow into few buckets costs chains, not flows", async () => {
  // multipliers of which only few bits differ: what nobody outside can bring about
  const rig = await openTableRig({ memory: { flowsMax: 3_000 }, hashes: [1n << 63n | 1n, 1n, 1n] });
  see(rig, range(0, 2_900));
  see(rig, range(0, 2_900));
  const { flows, flowsCreated, indexOverflows } = rig.lab.books.stats();
  assert(indexOverflows > 50, `chains: ${indexOverflows}`);
  assert.deepEqual([flows, flowsCreated], [2_900, 2_900]);
  assert.equal(rig.flush().length, 2_900);
  rig.checkClosed();
});

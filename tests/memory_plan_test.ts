import assert from "node:assert/strict";
import * as limits from "../src/limits.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory, ringParts } from "../src/memory_plan.ts";

const REGIONS = [
  "control",
  "anchors",
  "interfaces",
  "cpus",
  "slots",
  "ring",
  "shadows",
  "out",
  "snapshot",
  "index",
  "indexOverflow",
  "pool",
] as const;

function plan(options: Partial<MemoryOptions> = {}): MemoryPlan {
  return planMemory({ cpuCount: 2, pageBytes: 4096, ...options });
}

function entries({ flowsMax, aggregatesMax }: MemoryPlan): number {
  return flowsMax + aggregatesMax + limits.AGGREGATES_OF_LAST_RESORT;
}

Deno.test("planMemory() lays regions out without overlap, on 64 KiB boundaries, whatever the sizes", () => {
  const many: Partial<MemoryOptions>[] = [
    {},
    { cpuCount: 1 },
    { cpuCount: 3, slots: 1 },
    { cpuCount: 128 },
    { cpuCount: 1024, flowsMax: 1 },
    { pageBytes: 65_536 },
    { flowsMax: limits.FLOWS_MAX_MOST, slots: 256 },
    { ringBytes: 1 << 28, outRecords: 16 },
  ];
  for (const options of many) {
    const found = plan(options);
    const places = [...REGIONS.map((name) => found[name]), ...found.devices].sort((a, b) => a - b);
    assert(places.every((place) => place % limits.WASM_PAGE_BYTES === 0));
    assert.equal(new Set(places).size, places.length);
    const after = (place: number) => places.find((other) => other > place) ?? found.totalBytes;
    const needs: Record<string, number> = {
      anchors: limits.ANCHORS_MAX * 8,
      interfaces: limits.INTERFACES_MAX * 32,
      cpus: found.cpuCount * 1_728,
      slots: found.slotCount * limits.SLOT_BYTES,
      ring: 2 * found.pageBytes + 2 * found.ringBytes,
      shadows: found.slotCount * 64,
      out: found.outRecords * 320,
      snapshot: limits.SNAPSHOT_RECORDS * 320,
      index: found.indexBucketsMax * 64,
      indexOverflow: found.indexOverflowMax * 64,
      pool: entries(found) * 256,
    };
    for (const [name, bytes] of Object.entries(needs)) {
      const place = found[name as (typeof REGIONS)[number]];
      assert(place + bytes <= after(place), `${name} fits with ${JSON.stringify(options)}`);
    }
    assert(found.totalBytes <= 2 ** 32);
  }
});

Deno.test("planMemory() bounds slots in total and gives every CPU a power of two, 256 at least", () => {
  for (const [cpuCount, slotsPerCpu] of [[1, 65_536], [2, 32_768], [3, 16_384], [128, 512], [300, 256], [4096, 256]]) {
    const found = plan({ cpuCount: cpuCount! });
    assert.equal(found.slotCount, slotsPerCpu! * cpuCount!);
    assert.equal(found.setsPerCpu, slotsPerCpu! / 2);
    const groups = found.setsPerCpu >> found.markShift;
    assert(groups <= 512 && (groups === 512 || found.markShift === 0));
  }
});

Deno.test("planMemory() refuses sizes that cannot be, and says which could", () => {
  const bad: Array<[Partial<MemoryOptions>, RegExp]> = [
    [{ ringBytes: 12_345 }, /ring of 12345 bytes: a power of two of at least 4096/],
    [{ ringBytes: 2_048 }, /ring of 2048 bytes/],
    [{ flowsMax: 0 }, /0 flows: 1 to 8000000/],
    [{ flowsMax: limits.FLOWS_MAX_MOST + 1 }, /flows: 1 to/],
    [{ flowsMax: limits.FLOWS_MAX_MOST, slots: 16_000_000, ringBytes: 1 << 30 }, /together they exceed 4 GiB/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => plan(options), (error: unknown) => error instanceof RangeError && message.test(error.message));
  }
  assert.throws(() => plan({ outRecords: 1_000 }), /power of two/);
});

Deno.test("an entry's id fits the index, and a flow its memory", () => {
  const ID_BITS = 23;
  assert(entries(plan({ flowsMax: limits.FLOWS_MAX_MOST, slots: 256 })) < 2 ** ID_BITS);
  for (const flowsMax of [limits.FLOWS_MAX_DEFAULT, 1_000_000]) {
    const found = plan({ flowsMax });
    const bytes = entries(found) * 256 + found.indexBucketsMax * 64;
    assert(bytes / flowsMax <= 320, `${bytes / flowsMax} bytes a flow`);
  }
});

Deno.test("createMemory() makes shared memory of the plan's size, which cannot grow", () => {
  const found = plan({ flowsMax: 1_000, slots: 512, ringBytes: 65_536 });
  const memory = createMemory(found);
  assert(memory.buffer instanceof SharedArrayBuffer);
  assert.equal(memory.buffer.byteLength, found.totalBytes);
  assert.throws(() => memory.grow(1));
});

Deno.test("ringParts() are the ring's pages in the order in which the kernel maps them", () => {
  const found = plan({ pageBytes: 16_384, ringBytes: 1 << 20 });
  const { consumer, producer, data } = ringParts(found);
  assert.deepEqual([consumer, producer - consumer, data - producer], [found.ring, 16_384, 16_384]);
});

Deno.test("limits' figures agree with each other", () => {
  assert(limits.SWEEP_RECORDS < limits.OUT_RECORDS);
  assert(limits.SNAPSHOT_RECORDS < limits.OUT_RECORDS);
  assert(limits.SLOTS_PER_CPU_MIN % 2 === 0);
  assert(limits.IDLE_INTERVAL_MS >= limits.SCAN_INTERVAL_MS);
  assert(limits.SLOTS_DEFAULT * limits.SLOT_BYTES + limits.RING_BYTES_DEFAULT <= 32 << 20, "kernel-side memory");
});

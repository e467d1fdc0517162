/** The kernel program's books as they lie in the CPUs' areas. The layout itself is tests/layout_test.ts's. */
import assert from "node:assert/strict";
import { MEASURES } from "../../src/books.ts";
import {
  BOOKS_BYTES,
  EVENTS,
  EVENTS_AT,
  KernelBooks,
  MALFORMED,
  MALFORMED_AT,
  TERMS,
} from "../../src/collect/kernel_books.ts";
import { CPU_AREA_BYTES, createMemory, planMemory } from "../../src/memory_plan.ts";

const CPUS = 3;
const plan = planMemory({ cpuCount: CPUS, pageBytes: 4096, slots: 256 * CPUS, ringBytes: 4096, flowsMax: 100 });

/** Every word of every CPU's and hook's books has a number of its own. */
function filled(): { books: KernelBooks; expected(cpus: number[], hooks: number[], word: number): bigint } {
  const memory = createMemory(plan);
  const view = new DataView(memory.buffer);
  const value = (cpu: number, hook: number, word: number) => BigInt(10_000 * cpu + 1_000 * hook + word) + 2n ** 40n;
  for (let cpu = 0; cpu < CPUS; cpu++) {
    for (const hook of [0, 1]) {
      for (let word = 0; word < BOOKS_BYTES / 8; word++) {
        const at = plan.cpus + cpu * CPU_AREA_BYTES + hook * BOOKS_BYTES + word * 8;
        view.setBigUint64(at, value(cpu, hook, word), true);
      }
    }
  }
  const expected = (cpus: number[], hooks: number[], word: number) =>
    cpus.flatMap((cpu) => hooks.map((hook) => value(cpu, hook, word))).reduce((sum, n) => sum + n, 0n);
  return { books: new KernelBooks(memory, plan), expected };
}

Deno.test("KernelBooks adds up every term over CPUs, by hook and for both", () => {
  const { books, expected } = filled();
  for (const [hook, hooks] of [["ingress", [0]], ["egress", [1]], [undefined, [0, 1]]] as const) {
    const { lost, ...terms } = books.terms(hook);
    const named = { ...terms, lost_ring_full: lost.ring_full, lost_no_slot: lost.no_slot };
    assert.deepEqual(Object.keys(named).sort(), [...TERMS].sort());
    for (const [term, name] of TERMS.entries()) {
      for (const [i, measure] of MEASURES.entries()) {
        assert.equal(named[name][measure], expected([0, 1, 2], [...hooks], term * 4 + i), `${name} ${measure}`);
      }
    }
  }
});

Deno.test("KernelBooks tells malformations and events by name, over CPUs and hooks", () => {
  const { books, expected } = filled();
  const { malformed, events } = books.detail();
  assert.deepEqual(Object.keys(malformed), MALFORMED.filter((name) => name !== ""));
  for (const [i, name] of MALFORMED.entries()) {
    if (name) assert.equal(malformed[name], expected([0, 1, 2], [0, 1], MALFORMED_AT / 8 + i), name);
  }
  for (const [i, name] of EVENTS.entries()) {
    assert.equal(events[name], expected([0, 1, 2], [0, 1], EVENTS_AT / 8 + i), name);
  }
});

Deno.test("KernelBooks reads live: each look finds what is there now", () => {
  const memory = createMemory(plan);
  const books = new KernelBooks(memory, plan);
  assert.equal(books.terms().seen.packets, 0n);
  new DataView(memory.buffer).setBigUint64(plan.cpus + 2 * CPU_AREA_BYTES + BOOKS_BYTES + 8, 7n, true);
  assert.equal(books.terms().seen.packets, 7n);
  assert.equal(books.terms("egress").seen.packets, 7n);
  assert.equal(books.terms("ingress").seen.packets, 0n);
});

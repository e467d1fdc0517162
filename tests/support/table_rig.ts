/**
 * The table, built with its assertions, under a hand that plays kernel, clock and exporter. Needs `deno task build`.
 */
import assert from "node:assert/strict";
import { type Amount, type Books, checkBooks, sum, zeroAmount } from "../../src/books.ts";
import type { TableDevice } from "../../src/capture/device_table.ts";
import { SWEEP_DONE, SWEEP_MORE, SWEEP_OUT_FULL, type TableOptions } from "../../src/count/table.ts";
import { SETTINGS_LONGS, SETTINGS_LONGS_AT } from "../../src/count/table_layout.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { FlowRecord, RECORD_BYTES, RECORD_OFFSETS } from "../../src/flow_record.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory } from "../../src/memory_plan.ts";
import { openTableLab, type TableLab } from "./flow_lab.ts";
import { type RecordView, viewRecord } from "./record_view.ts";
import { SlotWriter } from "./slot_writer.ts";

export interface RigOptions {
  memory?: Partial<MemoryOptions>;
  table?: Partial<TableOptions>;
  /** Makes the index's hash the same in each run: three odd numbers follow from it. */
  seed?: number;
  /** The index's multipliers themselves. */
  hashes?: readonly [bigint, bigint, bigint];
}

/** Where tests' clocks begin, in ns of CLOCK_MONOTONIC. */
export const START_NS = 1_000_000_000_000n;
export const MS = 1_000_000n;

const module = new WebAssembly.Module(
  Deno.readFileSync(new URL("../../.output/table.debug.wasm", import.meta.url)),
);

export async function openTableRig(options: RigOptions = {}, devices: TableDevice[] = []): Promise<TableRig> {
  const plan = planMemory({
    cpuCount: 1,
    pageBytes: 4096,
    slots: 256,
    ringBytes: 65_536,
    flowsMax: 4_096,
    ...options.memory,
  });
  const memory = createMemory(plan);
  const lab = await openTableLab(memory, plan, options.table, module);
  const { seed } = options;
  const seeded = seed === undefined ? [] : [0, 1, 2].map((i) => BigInt(seed + i) * 0x9e3779b97f4a7c15n | 1n);
  const view = new DataView(memory.buffer);
  for (const [i, hash] of (options.hashes ?? seeded).entries()) {
    view.setBigUint64(SETTINGS_LONGS_AT + SETTINGS_LONGS.indexOf("hash0") * 8 + i * 8, hash, true);
  }
  lab.useDevices(devices);
  return new TableRig(lab, memory, plan);
}

/** A look at a flow that goes on. */
export interface LiveView extends RecordView {
  /** CLOCK_MONOTONIC. */
  lastSeenNs: bigint;
}

export class TableRig {
  readonly lab: TableLab;
  readonly plan: MemoryPlan;
  readonly memory: WebAssembly.Memory;
  readonly slots: SlotWriter;
  readonly exported = new RecordSum();
  #nowNs = START_NS;

  constructor(lab: TableLab, memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.lab = lab;
    this.memory = memory;
    this.plan = plan;
    this.slots = new SlotWriter(memory, plan);
    this.at(0);
  }

  get nowNs(): bigint {
    return this.#nowNs;
  }

  /** Begins a round this many ms after the start. */
  at(ms: number, wallOffsetNs = 0n): void {
    this.#nowNs = START_NS + BigInt(Math.round(ms * 1000)) * 1000n;
    this.lab.at(this.#nowNs, wallOffsetNs);
  }

  /** Counts everything there is. */
  count(): void {
    this.drain();
    this.lab.table.scan(true);
    this.drain();
  }

  drain(): number {
    let total = 0;
    for (let drained = -1; drained !== 0;) total += drained = this.lab.table.drain(97);
    return total;
  }

  /** A whole cycle of the sweep, and what came out. */
  sweep(): RecordView[] {
    return this.#run(() => this.lab.table.sweep(61, 13));
  }

  /** Ends everything, and what came out. */
  flush(): RecordView[] {
    this.lab.table.rewind();
    return this.#run(() => this.lab.table.flush(13));
  }

  #run(step: () => number): RecordView[] {
    const records: RecordView[] = [];
    for (;;) {
      const state = step();
      records.push(...this.take());
      if (state === SWEEP_DONE) return records;
      assert(state === SWEEP_MORE || state === SWEEP_OUT_FULL);
    }
  }

  /** Records from the out ring. */
  take(most = Infinity): RecordView[] {
    const records: RecordView[] = [];
    this.lab.out.take(most, (record) => {
      this.exported.add(record);
      records.push(viewRecord(record));
    });
    return records;
  }

  /** Live flows, all pages. */
  snapshot(pageRecords = 7): LiveView[] {
    const record = new FlowRecord(this.memory.buffer);
    const view = new DataView(this.memory.buffer);
    const records: LiveView[] = [];
    let from = 0;
    do {
      const page = this.lab.table.snapshot(from, pageRecords);
      for (let i = 0; i < page.written; i++) {
        const at = this.plan.snapshot + i * RECORD_BYTES;
        const lastSeenNs = view.getBigUint64(at + RECORD_OFFSETS.lastSeenNs, true);
        records.push({ ...viewRecord(record.moveTo(at)), lastSeenNs });
      }
      from = page.next;
    } while (from !== 0);
    return records;
  }

  /** All books at this moment. queued: what waits in the out ring. */
  books(queued: Amount = zeroAmount()): Books {
    this.lab.table.audit();
    const accounted = { ...this.slots.accounted };
    const kernel = {
      seen: sum(accounted, this.slots.lost),
      accounted,
      not_ip: zeroAmount(),
      malformed: zeroAmount(),
      filtered: zeroAmount(),
      sampled_out: zeroAmount(),
      lost: { ring_full: { ...this.slots.lost }, no_slot: zeroAmount() },
    };
    const exporters = { test: { queued, exported: this.exported.amount(), lost_export: {} } };
    return {
      kernel,
      table: { ...this.lab.books.terms(), filtered_flow: zeroAmount(), sampled_out_flow: zeroAmount() },
      exporters,
      hooks: {},
    };
  }

  /** Every equation holds in every measure. Nothing may wait in the out ring. */
  checkBooks(): Books {
    assert.equal(this.lab.out.waiting(), 0);
    const books = this.books();
    assert.deepEqual(checkBooks(books).filter(({ closed }) => !closed), []);
    return books;
  }

  /** Nothing is in flight any more: all that was counted went out. */
  checkClosed(): void {
    const { table } = this.checkBooks();
    for (const term of ["in_slots", "in_ring", "held", "overflow_held"] as const) {
      assert.deepEqual(table[term], zeroAmount(), term);
    }
    assert.equal(this.lab.books.stats().flows, 0);
    assert.equal(this.lab.books.stats().aggregates, 0);
  }
}

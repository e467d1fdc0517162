/**
 * The second thread: the only caller of the flow table. It wires stage 3 (collect: ring and slots) to stage 4 (count:
 * the table) and does nothing else; main owns configuration, Kubernetes, export and HTTP.
 */
import { Anchors, systemClock } from "./clock.ts";
import { createWaiter, type Waiter } from "./collect/waiter.ts";
import { ANSWER, ARGUMENT, COMMAND, Command, DEVICES_WANTED, ROUNDS, RUNNING } from "./collector_words.ts";
import { SWEEP_DONE, SWEEP_OUT_FULL, Table, type TableOptions } from "./count/table.ts";
import { OUT_CONSUMED, OUT_PRODUCED } from "./count/table_layout.ts";
import {
  ANCHORS_MAX,
  DRAIN_RECORDS,
  FULL_SCAN_EVERY,
  IDLE_INTERVAL_MS,
  SCAN_INTERVAL_MS,
  SNAPSHOT_RECORDS,
  SWEEP_ENTRIES,
  SWEEP_RECORDS,
} from "./limits.ts";
import { HEARTBEAT_AT, type MemoryPlan } from "./memory_plan.ts";

/** What main sends once, to begin. */
export interface CollectorStart {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  plan: MemoryPlan;
  table: TableOptions;
  ringFd: number;
  eventFd: number;
}

const MS_NS = 1_000_000n;
/** How long a full out ring is waited for before looking again. */
const OUT_FULL_WAIT_MS = 50;
/** How long main may take to read the books: the ring fills meanwhile. */
const STAND_STILL_MOST_MS = 100;

class Collector {
  readonly #words: Int32Array;
  readonly #table: Table;
  readonly #waiter: Waiter;
  readonly #anchors: Anchors;
  readonly #heartbeat: BigUint64Array;
  #devices = 0;
  #scans = 0;
  #scannedNs = 0n;
  #intervalMs = 0;
  #sweeping = false;
  #produced = 0;

  constructor(start: CollectorStart, table: Table) {
    this.#words = new Int32Array(start.memory.buffer);
    this.#table = table;
    this.#waiter = createWaiter(start.ringFd, start.eventFd);
    this.#anchors = new Anchors(
      systemClock,
      new BigInt64Array(start.memory.buffer, start.plan.anchors, ANCHORS_MAX),
    );
    this.#heartbeat = new BigUint64Array(start.memory.buffer, start.plan.cpus + HEARTBEAT_AT, 1);
  }

  run(): void {
    this.#takeDevices();
    this.#store(RUNNING, 1);
    while (this.#load(COMMAND) !== Command.STOP) {
      this.#round();
      this.#obey();
      this.#waiter.wait(this.#sweeping ? 0 : this.#intervalMs);
    }
    this.#stop();
    this.#waiter.close();
    this.#store(RUNNING, 0);
    this.#answer(0);
  }

  #load(address: number): number {
    return Atomics.load(this.#words, address >> 2);
  }

  #store(address: number, value: number): void {
    Atomics.store(this.#words, address >> 2, value);
  }

  /** What is counted from here on came after the sweep of the round before. */
  #beginRound(): bigint {
    const nowNs = systemClock.monotonicNs();
    this.#table.beginRound(nowNs, this.#anchors.offsetNs, this.#anchors.place);
    return nowNs;
  }

  /** One turn: what the ring holds; the slots, when their time has come; a step of the sweep. */
  #round(): void {
    const nowNs = this.#beginRound();
    this.#heartbeat[0] = nowNs;
    this.#takeDevices();
    const drained = this.#drain();
    if (nowNs - this.#scannedNs >= BigInt(this.#intervalMs) * MS_NS) {
      this.#anchors.measure();
      const counted = this.#table.scan(this.#scans++ % FULL_SCAN_EVERY === 0);
      this.#scannedNs = nowNs;
      this.#intervalMs = drained + counted > 0 ? SCAN_INTERVAL_MS : IDLE_INTERVAL_MS;
      this.#sweeping = true;
    }
    if (this.#sweeping) this.#sweep();
    this.#announce();
    Atomics.add(this.#words, ROUNDS >> 2, 1);
  }

  #drain(): number {
    let total = 0;
    for (;;) {
      const drained = this.#table.drain(DRAIN_RECORDS);
      total += drained;
      if (drained < DRAIN_RECORDS) return total;
    }
  }

  #sweep(): void {
    const state = this.#table.sweep(SWEEP_ENTRIES, SWEEP_RECORDS);
    // A full out ring is main's to empty; the flows keep counting until the next cycle.
    if (state === SWEEP_DONE || state === SWEEP_OUT_FULL) this.#sweeping = false;
  }

  /** Wakes main when there are new records: once a round, not once a record. */
  #announce(): void {
    const produced = this.#table.produced();
    if (produced === this.#produced) return;
    this.#produced = produced;
    Atomics.notify(this.#words, OUT_PRODUCED >> 2);
  }

  /** Puts another device table in force, after everything seen under the old one is counted by it. */
  #takeDevices(): void {
    const wanted = this.#load(DEVICES_WANTED);
    if (wanted === this.#devices) return;
    if (this.#devices) this.#countAll();
    this.#table.useDevices(wanted);
    this.#devices = wanted;
  }

  #countAll(): void {
    this.#drain();
    this.#table.scan(true);
    this.#drain();
  }

  #obey(): void {
    switch (this.#load(COMMAND)) {
      case Command.AUDIT:
        this.#beginRound();
        this.#countAll();
        this.#table.audit();
        this.#standStill();
        break;
      case Command.SNAPSHOT: {
        const page = this.#table.snapshot(this.#load(ARGUMENT), SNAPSHOT_RECORDS);
        this.#store(ARGUMENT, page.next);
        this.#answer(page.written);
        break;
      }
    }
  }

  /** Lets main read terms that belong together. A main thread that is too busy to come reads them as they are then. */
  #standStill(): void {
    this.#store(COMMAND, Command.AUDITED);
    Atomics.notify(this.#words, COMMAND >> 2);
    Atomics.wait(this.#words, COMMAND >> 2, Command.AUDITED, STAND_STILL_MOST_MS);
    Atomics.compareExchange(this.#words, COMMAND >> 2, Command.AUDITED, Command.NONE);
  }

  #answer(value: number): void {
    this.#store(ANSWER, value);
    this.#store(COMMAND, Command.NONE);
    Atomics.notify(this.#words, COMMAND >> 2);
  }

  /** Nothing writes slots or ring any more: count what is there, then hand every flow out. */
  #stop(): void {
    this.#anchors.measure();
    this.#beginRound();
    this.#countAll();
    this.#table.rewind();
    for (;;) {
      const state = this.#table.flush(SWEEP_RECORDS);
      this.#announce();
      if (state === SWEEP_DONE) break;
      if (state === SWEEP_OUT_FULL) {
        Atomics.wait(this.#words, OUT_CONSUMED >> 2, this.#load(OUT_CONSUMED), OUT_FULL_WAIT_MS);
      }
    }
    this.#table.audit();
  }
}

globalThis.addEventListener("message", async (event) => {
  const start = (event as MessageEvent<CollectorStart>).data;
  const table = await Table.create(start.module, start.memory, start.plan, start.table, { segmentReady: () => true });
  new Collector(start, table).run();
  globalThis.close();
});

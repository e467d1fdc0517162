/**
 * The agent: the stages wired in the order that a packet meets them, started, and stopped in the same order, so that
 * nothing is left in between.
 */
import { type Amount, type Books, type ExporterTerms, sum, zeroAmount } from "./books.ts";
import {
  type AttachMode,
  type AuditLine,
  Capture,
  type InterfaceChoice,
  type Kernel,
  kernelFilter,
  type NetworkNamespace,
  type Stray,
  type WatchedDevice,
} from "./capture/mod.ts";
import { systemClock } from "./clock.ts";
import { KernelBooks, type KernelDetail } from "./collect/mod.ts";
import { CollectorThread } from "./collector_thread.ts";
import { OutReader, shortestIdleTimeoutMs, TableBooks, type TableOptions, type TableStats } from "./count/mod.ts";
import type { MeaningOf } from "./enrich/mod.ts";
import { type Exporter, RecordSum } from "./export/mod.ts";
import type { FilterSettings } from "./filter.ts";
import type { TcxOrder } from "./flow.ts";
import { FlowRecord, RECORD_BYTES } from "./flow_record.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory } from "./memory_plan.ts";
import { readBooks } from "./read_books.ts";
import { RecordGate } from "./record_gate.ts";
import type { Sampling } from "./sampling.ts";
import { nextTurn } from "./turn.ts";

export interface AgentOptions {
  kernel: Kernel;
  image: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module;
  memory: MemoryOptions;
  table: TableOptions;
  namespace: NetworkNamespace;
  interfaces: InterfaceChoice;
  mode: AttachMode;
  order: TcxOrder;
  priority: number;
  meaningOf: MeaningOf;
  exporters: Exporter[];
  /** Which flows are handed out. Default: all. */
  filter?: FilterSettings | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
}

/** Records given to the exporters between two turns of the event loop. */
const BATCH_RECORDS = 512;
const OUT_WAIT_MS = 1_000;
const NS_PER_MS = 1e6;

export class Agent {
  readonly #capture: Capture;
  readonly #collector: CollectorThread;
  readonly #kernelBooks: KernelBooks;
  readonly #tableBooks: TableBooks;
  readonly #out: OutReader;
  readonly #gate: RecordGate;
  readonly #meaningOf: MeaningOf;
  readonly #exporters: Exporter[];
  readonly #exporting: Promise<void>;
  readonly #memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly startedAtMs = Date.now();
  #state: "running" | "stopping" | "stopped" = "running";
  #finalAudit: AuditLine[] | undefined;

  /** Loads, attaches and starts counting. Throws KernelError. */
  constructor(options: AgentOptions) {
    this.plan = planMemory(options.memory);
    this.#memory = createMemory(this.plan);
    this.#kernelBooks = new KernelBooks(this.#memory, this.plan);
    this.#tableBooks = new TableBooks(this.#memory, this.plan);
    this.#out = new OutReader(this.#memory, this.plan);

    const { filter, sampling } = options;
    this.#gate = new RecordGate({ filter, sampling, interfaceOf: (id) => this.interfaceOf(id) });

    // What the device table says is asked for before there is a collector to take it: it starts with the last word.
    let devicesWanted = 0;
    let collector: CollectorThread | undefined;
    this.#capture = new Capture({
      ...options,
      plan: this.plan,
      memory: this.#memory,
      idleGapMs: shortestIdleTimeoutMs(options.table),
      filter: filter && kernelFilter(filter),
      nowMs: () => Number(systemClock.monotonicNs()) / NS_PER_MS,
      publishDevices(address) {
        devicesWanted = address;
        collector?.publishDevices(address);
      },
      devicesInForce: () => collector?.devicesInForce() ?? 0,
    });
    try {
      this.#capture.start();
    } catch (error) {
      this.#capture.detach(); // whatever it was put on before it failed
      throw error;
    }
    this.#collector = collector = new CollectorThread({
      memory: this.#memory,
      module: options.module,
      plan: this.plan,
      table: { ...options.table, sampling },
      ringFd: this.#capture.ringFd,
    }, devicesWanted);
    this.#capture.follow();
    this.#meaningOf = options.meaningOf;
    this.#exporters = options.exporters;
    this.#exporting = this.#export();
  }

  /** Rejects when a part breaks that cannot be mended: the numbers could not be trusted any more. */
  get failed(): Promise<never> {
    return Promise.race([this.#collector.failed, this.#exporting.then(() => new Promise<never>(() => {}))]);
  }

  /** Gives records to every exporter as they come. None of them is waited for: each has a queue of its own. */
  async #export(): Promise<void> {
    while (this.#state !== "stopped" || this.#out.waiting() > 0) {
      if (this.#out.waiting() === 0) await this.#out.wait(OUT_WAIT_MS);
      this.#out.take(BATCH_RECORDS, (record) => {
        const meaning = this.#gate.admit(record, this.#meaningOf);
        if (meaning) { for (const exporter of this.#exporters) exporter.accept(record, meaning); }
      });
      await nextTurn();
    }
  }

  /**
   * Another filter from now on, for packets that come and for records that are handed out. No packet is lost between
   * the two, and what was booked stays booked. Throws KernelError, and then the filter of before stays in force.
   */
  useFilter(filter: FilterSettings): void {
    this.#capture.useFilter(kernelFilter(filter));
    this.#gate.useFilter(filter);
  }

  interfaceOf(id: number): { name: string; ifindex: number } | undefined {
    return this.#capture.interfaceOf(id);
  }

  devices(): WatchedDevice[] {
    return this.#capture.devices();
  }

  /** Addresses of the watched host, as text. */
  addresses(): string[] {
    return this.#capture.addresses();
  }

  strays(): Stray[] {
    return this.#capture.strays();
  }

  get exporters(): readonly Exporter[] {
    return this.#exporters;
  }

  get state(): string {
    return this.#state;
  }

  isCounting(): boolean {
    return this.#collector.isRunning();
  }

  /** Rounds of the collector so far: while it lives, they grow. */
  rounds(): number {
    return this.#collector.rounds();
  }

  /** The table's figures. Records are those that the gate let pass. */
  stats(): TableStats {
    return { ...this.#tableBooks.stats(), records: this.#gate.records().passed };
  }

  /** Records that were not handed out, by why. */
  recordsKeptBack(): Record<string, number> {
    const { filtered, sampledOut } = this.#gate.records();
    return { filtered, sampled_out: sampledOut };
  }

  kernelDetail(): KernelDetail {
    return this.#kernelBooks.detail();
  }

  /**
   * The books as they are, without counting anything first: for metrics. No term ever falls: what is in the out ring is
   * in none, because it may be kept back yet.
   */
  books(): Books {
    return this.#readBooks(zeroAmount());
  }

  /** The books of this moment: seen, then everything counted, then seen again. After stop() they are final. */
  async auditBooks(): Promise<Books> {
    if (this.#state === "stopped") return this.#readBooks(this.#waiting());
    const seenBefore = this.#kernelBooks.terms();
    const books = await this.#collector.audit(() => this.#readBooks(this.#waiting()));
    const seenAfter = this.#kernelBooks.terms().seen;
    return { ...books, kernel: { ...books.kernel, seen: seenBefore.seen }, seenAfter };
  }

  /** What is in the out ring. */
  #waiting(): Amount {
    const waiting = new RecordSum();
    this.#out.look((record) => waiting.add(record));
    return waiting.amount();
  }

  #readBooks(waiting: Amount): Books {
    return readBooks(this.#kernelBooks, this.#tableBooks, this.#gate.terms(waiting), this.#exporterTerms(waiting));
  }

  /** What is in the out ring still counts as handed out, and waits for every exporter. */
  #exporterTerms(waiting: Amount): Record<string, ExporterTerms> {
    return Object.fromEntries(this.#exporters.map((exporter) => {
      const terms = exporter.terms();
      return [exporter.name, { ...terms, queued: sum(terms.queued, waiting) }];
    }));
  }

  /** What the hooks saw against what the devices counted. */
  async audit(): Promise<AuditLine[]> {
    if (this.#finalAudit) return this.#finalAudit;
    return await this.#capture.audit(
      (id) => this.#tableBooks.interfaceTaken(id),
      () => this.#collector.audit(() => {}),
    );
  }

  /** Gives every flow that goes on to `look`, as the record that it would be now. */
  async lookAtFlows(look: (record: FlowRecord) => void): Promise<void> {
    const record = new FlowRecord(this.#memory.buffer);
    await this.#collector.audit(() => {}); // what lies in slots and ring is part of them
    await this.#collector.snapshot((count) => {
      for (let i = 0; i < count; i++) look(record.moveTo(this.plan.snapshot + i * RECORD_BYTES));
    });
  }

  /** Detaches, counts what is in flight, ends and exports every flow. The books are final then. */
  async stop(deadlineMs: number): Promise<void> {
    this.#state = "stopping";
    const deadline = performance.now() + deadlineMs;
    this.#capture.detach();
    // an exporter whose way out is blocked would hold up the flows that are not handed out yet
    const late = setTimeout(() => this.#exporters.forEach((exporter) => exporter.giveUp()), deadlineMs);
    await this.#collector.stop();
    this.#state = "stopped";
    this.#out.wake();
    await this.#exporting;
    clearTimeout(late);
    await Promise.all(
      this.#exporters.map((exporter) => exporter.close(Math.max(0, deadline - performance.now()))),
    );
    this.#finalAudit = await this.#capture.audit(
      (id) => this.#tableBooks.interfaceTaken(id),
      () => Promise.resolve(),
    );
  }

  /** Something broke: takes the programs off the hooks, so that no device is left with a program that nobody reads. */
  abandon(): void {
    if (this.#state === "running") this.#capture.detach();
    this.#state = "stopped";
  }

  /** Unloads the program. Nothing may be asked any more. */
  async close(): Promise<void> {
    await this.#capture.close();
  }
}

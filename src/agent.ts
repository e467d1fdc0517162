/**
 * The agent: the stages wired in the order that a packet meets them, started, and stopped in the same order, so that
 * nothing is left in between.
 */
import type { AttributeSets } from "./attribute_sets.ts";
import type { Books, ExporterTerms } from "./books.ts";
import {
  type AttachMode,
  type AuditLine,
  Capture,
  type InterfaceChoice,
  type Kernel,
  type NetworkNamespace,
  type Stray,
  type WatchedDevice,
} from "./capture/mod.ts";
import { systemClock } from "./clock.ts";
import { KernelBooks, type KernelDetail } from "./collect/mod.ts";
import { CollectorThread } from "./collector_thread.ts";
import {
  OutReader,
  shortestIdleTimeoutMs,
  TableBooks,
  type TableOptions,
  type TableStats,
  type TableTuning,
  tuneTable,
} from "./count/mod.ts";
import { assert } from "./errors.ts";
import type { MeaningOf } from "./enrich/mod.ts";
import { type Exporter, type ExporterRecords, Outlets, RecordSum } from "./export/mod.ts";
import type { TcxOrder } from "./flow.ts";
import { FlowRecord, RECORD_BYTES } from "./flow_record.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory } from "./memory_plan.ts";
import { readBooks } from "./read_books.ts";
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
  /** Whether waiting cannot give a record a better name. Default: it cannot. */
  isSettled?: ((record: FlowRecord) => boolean) | undefined;
  exporters: Exporter[];
}

/** Records given to the exporters between two turns of the event loop. */
const BATCH_RECORDS = 512;
const OUT_WAIT_MS = 1_000;
/** How often to look whether a record that waits for its name has it. */
const UNSETTLED_WAIT_MS = 50;
const NS_PER_MS = 1e6;

export class Agent {
  readonly #capture: Capture;
  readonly #collector: CollectorThread;
  readonly #kernelBooks: KernelBooks;
  readonly #tableBooks: TableBooks;
  readonly #out: OutReader;
  readonly #meaningOf: MeaningOf;
  readonly #isSettled: AgentOptions["isSettled"];
  readonly #outlets: Outlets;
  readonly #exporting: Promise<void>;
  readonly #memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly startedAtMs = Date.now();
  #state: "running" | "stopping" | "stopped" = "running";
  #finalAudit: AuditLine[] | undefined;
  #flowsMax: number;
  #paused: PromiseWithResolvers<void> | undefined;

  /** Loads, attaches and starts counting. Throws KernelError. */
  constructor(options: AgentOptions) {
    this.plan = planMemory(options.memory);
    this.#flowsMax = this.plan.flowsMax;
    this.#memory = createMemory(this.plan);
    this.#kernelBooks = new KernelBooks(this.#memory, this.plan);
    this.#tableBooks = new TableBooks(this.#memory, this.plan);
    this.#out = new OutReader(this.#memory, this.plan);

    // What the device table says is asked for before there is a collector to take it: it starts with the last word.
    let devicesWanted = 0;
    let collector: CollectorThread | undefined;
    this.#capture = new Capture({
      ...options,
      plan: this.plan,
      memory: this.#memory,
      idleGapMs: shortestIdleTimeoutMs(options.table),
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
      table: options.table,
      ringFd: this.#capture.ringFd,
    }, devicesWanted);
    this.#capture.follow();
    this.#meaningOf = options.meaningOf;
    this.#isSettled = options.isSettled;
    this.#outlets = new Outlets(options.exporters);
    this.#exporting = this.#export();
  }

  /** Rejects when a part breaks that cannot be mended: the numbers could not be trusted any more. */
  get failed(): Promise<never> {
    return Promise.race([this.#collector.failed, this.#exporting.then(() => new Promise<never>(() => {}))]);
  }

  /** Gives records to the exporters as they come, in their order; while one waits for its name, so do those behind it. */
  async #export(): Promise<void> {
    while (this.#state !== "stopped" || this.#out.waiting() > 0) {
      if (this.#out.waiting() === 0) await this.#out.wait(OUT_WAIT_MS);
      const taken = this.#handOn(BATCH_RECORDS, this.#state === "running" ? this.#isSettled : undefined);
      if (taken === 0 && this.#out.waiting() > 0) await this.#pause(UNSETTLED_WAIT_MS);
      else await nextTurn();
    }
  }

  #handOn(recordsMost: number, isDue?: AgentOptions["isSettled"]): number {
    return this.#out.take(recordsMost, (record) => this.#outlets.accept(record, this.#meaningOf(record)), isDue);
  }

  /** The end of the agent ends it early. */
  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#paused?.resolve(), ms);
    this.#paused = Promise.withResolvers<void>();
    await this.#paused.promise;
    clearTimeout(timer);
  }

  /** Forgets names that no object has and no record refers to. */
  forgetNames(sets: AttributeSets): void {
    sets.collect((mark) => this.#outlets.markSets(mark));
  }

  /** Watches other devices from now on. */
  useInterfaces(wanted: InterfaceChoice): void {
    this.#capture.useInterfaces(wanted);
  }

  /** Other timeouts and bounds, for flows that are there, too. */
  tune(tuning: TableTuning): void {
    assert(tuning.flowsMax <= this.plan.flowsMax, "flows beyond those that the memory was planned for have no place");
    tuneTable(this.#memory, tuning);
    this.#flowsMax = tuning.flowsMax;
  }

  /** Flows held before new ones are counted in aggregates. */
  get flowsMax(): number {
    return this.#flowsMax;
  }

  /**
   * Gives records to these from now on. Those that are not among them any more send what they hold, within deadlineMs,
   * while others go on. The collector stands still meanwhile: each record goes either to the old ones or to the new.
   */
  async useExporters(exporters: readonly Exporter[], deadlineMs: number): Promise<void> {
    await this.#collector.audit(() => {
      let handedOut;
      do {
        this.#handOn(Infinity);
        handedOut = this.#tableBooks.terms().handed_out;
      } while (this.#out.waiting() > 0);
      this.#outlets.replace(exporters, handedOut, deadlineMs);
    });
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

  /** Those that records go to. */
  get exporters(): readonly Exporter[] {
    return this.#outlets.active;
  }

  /** Figures of exporters by name, those that the settings took away included. */
  exporterRecords(): Record<string, ExporterRecords> {
    return this.#outlets.records();
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

  stats(): TableStats {
    return this.#tableBooks.stats();
  }

  kernelDetail(): KernelDetail {
    return this.#kernelBooks.detail();
  }

  /** The books as they are, without counting anything first: for metrics. */
  books(): Books {
    return this.#readBooks();
  }

  /** The books of this moment: seen, then everything counted, then seen again. After stop() they are final. */
  async auditBooks(): Promise<Books> {
    if (this.#state === "stopped") return this.#readBooks();
    const seenBefore = this.#kernelBooks.terms();
    const books = await this.#collector.audit(() => this.#readBooks());
    const seenAfter = this.#kernelBooks.terms().seen;
    return { ...books, kernel: { ...books.kernel, seen: seenBefore.seen }, seenAfter };
  }

  #readBooks(): Books {
    return readBooks(this.#kernelBooks, this.#tableBooks, this.#exporterTerms());
  }

  /** What is handed out and not taken yet waits for every exporter. */
  #exporterTerms(): Record<string, ExporterTerms> {
    const waiting = new RecordSum();
    this.#out.look((record) => waiting.add(record));
    return this.#outlets.terms(this.#tableBooks.terms().handed_out, waiting.amount());
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
    this.#paused?.resolve();
    const deadline = performance.now() + deadlineMs;
    this.#capture.detach();
    // an exporter whose way out is blocked would hold up the flows that are not handed out yet
    const late = setTimeout(() => this.#outlets.giveUp(), deadlineMs);
    await this.#collector.stop();
    this.#state = "stopped";
    this.#out.wake();
    await this.#exporting;
    clearTimeout(late);
    await this.#outlets.close(Math.max(0, deadline - performance.now()));
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

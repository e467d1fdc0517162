/**
 * The agent: the stages wired in the order that a packet meets them, started, and stopped in the same order, so that
 * nothing is left in between.
 */
import { isDeepStrictEqual } from "node:util";
import type { AttributeSets } from "./attribute_sets.ts";
import { type Amount, type Books, zeroAmount } from "./books.ts";
import {
  type AttachMode,
  type AuditLine,
  Capture,
  type ChainedProgram,
  type InterfaceChoice,
  type Kernel,
  kernelFilter,
  type NetworkNamespace,
  type PacketTrace,
  type Stray,
  type TraceOptions,
  type WatchedDevice,
} from "./capture/mod.ts";
import { systemClock } from "./clock.ts";
import { KernelBooks, type KernelDetail } from "./collect/mod.ts";
import { CollectorThread } from "./collector_thread.ts";
import {
  type EndedCount,
  EndedFlows,
  type FlowCount,
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
import type { FilterSettings } from "./filter.ts";
import type { Hook, InterfaceTaken, TcxOrder } from "./flow.ts";
import { FlowRecord, RECORD_BYTES } from "./flow_record.ts";
import { DEFAULT_BUCKETS, Histogram } from "./histogram.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory } from "./memory_plan.ts";
import { RecentRecords } from "./recent_records.ts";
import { readBooks } from "./read_books.ts";
import { type RecordCounts, RecordGate } from "./record_gate.ts";
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
  /** Whether waiting cannot give a record a better name. Default: it cannot. */
  isSettled?: ((record: FlowRecord) => boolean) | undefined;
  exporters: Exporter[];
  /** Which flows are handed out. Default: all. */
  filter?: FilterSettings | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
  /** Of the histogram of hand-outs, s. */
  pipelineBuckets?: readonly number[];
}

/** Records given to the exporters between two turns of the event loop. */
const BATCH_RECORDS = 512;
const OUT_WAIT_MS = 1_000;
/** How often to look whether a record that waits for its name has it. */
const UNSETTLED_WAIT_MS = 50;
const NS_PER_MS = 1e6;
const MS_PER_S = 1_000;

export class Agent {
  readonly #capture: Capture;
  readonly #collector: CollectorThread;
  readonly #kernelBooks: KernelBooks;
  readonly #tableBooks: TableBooks;
  readonly #out: OutReader;
  readonly #gate: RecordGate;
  readonly #meaningOf: MeaningOf;
  readonly #isSettled: AgentOptions["isSettled"];
  readonly #outlets: Outlets;
  readonly #exporting: Promise<void>;
  readonly #memory: WebAssembly.Memory;
  readonly #ended = new EndedFlows();
  readonly #recent = new RecentRecords();
  /** How long a round of records took from the out ring into every exporter's queue, s. */
  readonly handOutSeconds: Histogram;
  readonly plan: MemoryPlan;
  readonly startedAtMs = Date.now();
  #state: "running" | "stopping" | "stopped" = "running";
  #finalAudit: AuditLine[] | undefined;
  #filter: FilterSettings | undefined;
  #flowsMax: number;
  #paused: PromiseWithResolvers<void> | undefined;

  /** Loads, attaches and starts counting. Throws KernelError. */
  constructor(options: AgentOptions) {
    this.plan = planMemory(options.memory);
    this.#flowsMax = this.plan.flowsMax;
    this.handOutSeconds = new Histogram(options.pipelineBuckets ?? DEFAULT_BUCKETS.pipelineSeconds);
    this.#memory = createMemory(this.plan);
    this.#kernelBooks = new KernelBooks(this.#memory, this.plan);
    this.#tableBooks = new TableBooks(this.#memory, this.plan);
    this.#out = new OutReader(this.#memory, this.plan);

    const { filter, sampling } = options;
    this.#filter = filter;
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
    this.#isSettled = options.isSettled;
    this.#outlets = new Outlets(options.exporters);
    this.#exporting = this.#export();
  }

  /** Rejects when a part breaks that cannot be mended: the numbers could not be trusted any more. */
  get failed(): Promise<never> {
    return Promise.race([this.#collector.failed, this.#exporting.then(() => new Promise<never>(() => {}))]);
  }

  /** Gives records to the exporters in their order: while one waits for its name, so do those behind it. */
  async #export(): Promise<void> {
    while (this.#state !== "stopped" || this.#out.waiting() > 0) {
      if (this.#out.waiting() === 0) await this.#out.wait(OUT_WAIT_MS);
      const taken = this.#handOn(BATCH_RECORDS, this.#state === "running" ? this.#isSettled : undefined);
      if (taken === 0 && this.#out.waiting() > 0) await this.#pause(UNSETTLED_WAIT_MS);
      else await nextTurn();
    }
  }

  #handOn(recordsMost: number, isDue?: AgentOptions["isSettled"]): number {
    const begunAtMs = performance.now();
    const count = this.#out.take(recordsMost, (record) => {
      this.#ended.add(record);
      const meaning = this.#gate.admit(record, this.#meaningOf);
      if (!meaning) return;
      this.#recent.add(record, meaning);
      this.#outlets.accept(record, meaning);
    }, isDue);
    if (count) this.handOutSeconds.observe((performance.now() - begunAtMs) / MS_PER_S);
    return count;
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
    sets.collect((mark) => {
      this.#outlets.markSets(mark);
      this.#recent.markSets(mark);
    });
  }

  /** Watches other devices from now on. */
  useInterfaces(wanted: InterfaceChoice): void {
    this.#capture.useInterfaces(wanted);
  }

  /**
   * Another filter from now on, for packets that come and for records that are handed out. No packet is lost between
   * the two, and what was booked stays booked. Throws KernelError, and then the filter of before stays in force.
   */
  useFilter(filter: FilterSettings): void {
    if (isDeepStrictEqual(filter, this.#filter)) return;
    this.#capture.useFilter(kernelFilter(filter));
    this.#gate.useFilter(filter);
    this.#filter = filter;
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
   * Gives records to these from the next one on. Those that are not among them any more send what they hold, within
   * deadlineMs, while others go on.
   */
  useExporters(exporters: readonly Exporter[], deadlineMs: number): void {
    this.#outlets.replace(exporters, this.#gate.terms(zeroAmount()).handed_out, deadlineMs);
  }

  /** Those that were handed out last, the newest first. */
  recentRecords(): Iterable<FlowRecord> {
    return this.#recent;
  }

  interfaceOf(id: number): { name: string; ifindex: number } | undefined {
    return this.#capture.interfaceOf(id);
  }

  devices(): WatchedDevice[] {
    return this.#capture.devices();
  }

  /** All programs on each device's hooks, in the order that packets meet them, by ifindex. */
  chains(): Map<number, Record<Hook, ChainedProgram[]>> {
    return this.#capture.chains();
  }

  /** What was taken of a device's packets, by hook. */
  interfaceTaken(interfaceId: number): InterfaceTaken {
    return this.#tableBooks.interfaceTaken(interfaceId);
  }

  /** Begins a packet trace; one goes on at a time. Throws KernelError. */
  openTrace(options: TraceOptions): Promise<PacketTrace> {
    return this.#capture.openTrace(options);
  }

  /** Ends the trace that goes on. Returns whether one did. */
  closeTrace(): boolean {
    return this.#capture.closeTrace();
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

  /** Records by what became of them between table and exporters. */
  recordCounts(): RecordCounts {
    return this.#gate.records();
  }

  /** Flows in the table by kind, as of a second ago. */
  census(): FlowCount[] {
    return this.#tableBooks.census();
  }

  /** Flows that ended, by kind. */
  endedFlows(): readonly EndedCount[] {
    return this.#ended.counts();
  }

  /** Records that wait to be given to exporters. */
  outWaiting(): number {
    return this.#out.waiting();
  }

  /** Bytes in the kernel's ring that are not counted yet. */
  ringWaitingBytes(): number {
    return this.#kernelBooks.ringWaitingBytes();
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

  /** What is in the out ring. It counts as handed out, and waits for every exporter. */
  #waiting(): Amount {
    const waiting = new RecordSum();
    this.#out.look((record) => waiting.add(record));
    return waiting.amount();
  }

  #readBooks(waiting: Amount): Books {
    const gate = this.#gate.terms(waiting);
    return readBooks(this.#kernelBooks, this.#tableBooks, gate, this.#outlets.terms(gate.handed_out, waiting));
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

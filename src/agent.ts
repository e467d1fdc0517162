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
  type FlowCount,
  shortestIdleTimeoutMs,
  TableBooks,
  type TableOptions,
  type TableStats,
  type TableTuning,
  tuneTable,
} from "./count/mod.ts";
import { assert } from "./errors.ts";
import type { Exporter, ExporterRecords } from "./export/mod.ts";
import type { FilterSettings } from "./filter_keys.ts";
import type { Hook, InterfaceTaken, TcxOrder } from "./flow.ts";
import { FlowRecord, RECORD_BYTES } from "./flow_record.ts";
import { HandOut, type HandOutOptions } from "./hand_out.ts";
import type { Histogram } from "./histogram.ts";
import { createMemory, type MemoryOptions, type MemoryPlan, planMemory } from "./memory_plan.ts";
import { readBooks } from "./read_books.ts";
import type { RecordCounts } from "./filter/mod.ts";

export interface AgentOptions extends HandOutOptions {
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
}

const NS_PER_MS = 1e6;

export class Agent {
  readonly #capture: Capture;
  readonly #collector: CollectorThread;
  readonly #kernelBooks: KernelBooks;
  readonly #tableBooks: TableBooks;
  readonly #handOut: HandOut;
  readonly #memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly startedAtMs = Date.now();
  #state: "running" | "stopping" | "stopped" = "running";
  #finalAudit: AuditLine[] | undefined;
  #filter: FilterSettings | undefined;
  #flowsMax: number;

  /** Loads, attaches and starts counting. Throws KernelError. */
  constructor(options: AgentOptions) {
    this.plan = planMemory(options.memory);
    this.#flowsMax = this.plan.flowsMax;
    this.#memory = createMemory(this.plan);
    this.#kernelBooks = new KernelBooks(this.#memory, this.plan);
    this.#tableBooks = new TableBooks(this.#memory, this.plan);
    const { filter, sampling } = options;
    this.#filter = filter;

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
    const interfaceOf = (id: number) => this.interfaceOf(id);
    this.#handOut = new HandOut({ ...options, memory: this.#memory, plan: this.plan, interfaceOf });
  }

  /** Rejects when a part breaks that cannot be mended: the numbers could not be trusted any more. */
  get failed(): Promise<never> {
    return Promise.race([this.#collector.failed, this.#handOut.failed]);
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
    this.#handOut.useFilter(filter);
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
    this.#handOut.useExporters(exporters, deadlineMs);
  }

  /** Forgets names that no object has and no record refers to. */
  forgetNames(sets: AttributeSets): void {
    this.#handOut.forgetNames(sets);
  }

  /** Records that were handed out last, the newest first. */
  recentRecords(): Iterable<FlowRecord> {
    return this.#handOut.recentRecords();
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
    return this.#handOut.exporters;
  }

  /** Figures of exporters by name, those that the settings took away included. */
  exporterRecords(): Record<string, ExporterRecords> {
    return this.#handOut.exporterRecords();
  }

  /** How long a round of records took from the out ring into every exporter's queue, s. */
  get handOutSeconds(): Histogram {
    return this.#handOut.seconds;
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
    return this.#handOut.recordCounts();
  }

  /** Flows in the table by kind, as of a second ago. */
  census(): FlowCount[] {
    return this.#tableBooks.census();
  }

  /** Flows that ended, by kind. */
  endedFlows(): readonly EndedCount[] {
    return this.#handOut.endedFlows();
  }

  /** Records that wait to be given to exporters. */
  outWaiting(): number {
    return this.#handOut.waiting();
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
    if (this.#state === "stopped") return this.#readBooks(this.#handOut.waitingAmount());
    const seenBefore = this.#kernelBooks.terms();
    const books = await this.#collector.audit(() => this.#readBooks(this.#handOut.waitingAmount()));
    const seenAfter = this.#kernelBooks.terms().seen;
    return { ...books, kernel: { ...books.kernel, seen: seenBefore.seen }, seenAfter };
  }

  #readBooks(waiting: Amount): Books {
    const { gate, exporters } = this.#handOut.terms(waiting);
    return readBooks(this.#kernelBooks, this.#tableBooks, gate, exporters);
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
    this.#handOut.hurry();
    const deadline = performance.now() + deadlineMs;
    this.#capture.detach();
    // an exporter whose way out is blocked would hold up the flows that are not handed out yet
    const late = setTimeout(() => this.#handOut.giveUp(), deadlineMs);
    await this.#collector.stop();
    this.#state = "stopped";
    this.#handOut.end();
    await this.#handOut.finished();
    clearTimeout(late);
    await this.#handOut.close(Math.max(0, deadline - performance.now()));
    this.#finalAudit = await this.#capture.audit(
      (id) => this.#tableBooks.interfaceTaken(id),
      () => Promise.resolve(),
    );
  }

  /** Something broke: takes the programs off the hooks, so that no device is left with a program that nobody reads. */
  abandon(): void {
    if (this.#state === "running") this.#capture.detach();
    this.#state = "stopped";
    this.#handOut.end();
  }

  /** Unloads the program. Nothing may be asked any more. */
  async close(): Promise<void> {
    await this.#capture.close();
  }
}

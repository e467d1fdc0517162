/**
 * A replay: recorded frames through the program and the table of a live agent, with the recording's clock. Everything
 * happens on one thread, in the order of the file, so a replay of one file always gives the same records.
 *
 * The kernel's part counts in one pretended CPU; what a live agent does by the clock (scan, sweep) happens every
 * recorded second, and the ring is drained before it can be full, so that nothing is ever lost here.
 */
import { type Books, zeroAmount } from "./books.ts";
import {
  type AuditLine,
  type FlowProgram,
  type Kernel,
  kernelFilter,
  loadProgram,
  readAllStrays,
  REPLAY_HASH_MULTIPLIERS,
  type Stray,
  TUNNEL_PORTS,
  writeDeviceTable,
} from "./capture/mod.ts";
import {
  LinkLayer,
  type RecordedDevice,
  RecordedDevices,
  type RecordedFrame,
  Replayer,
  type ReplayFrame,
} from "./capture/pcap/mod.ts";
import { Anchors } from "./clock.ts";
import { KernelBooks, type KernelDetail } from "./collect/mod.ts";
import {
  longestSilenceMs,
  OutReader,
  shortestIdleTimeoutMs,
  SWEEP_DONE,
  Table,
  TableBooks,
  type TableOptions,
  type TableStats,
} from "./count/mod.ts";
import type { MeaningOf } from "./enrich/mod.ts";
import { type Exporter, type ExporterRecords, READY_RECORDS } from "./export/mod.ts";
import type { FilterSettings, NamedDevice } from "./filter_keys.ts";
import {
  ANCHORS_MAX,
  DRAIN_RECORDS,
  REPLAY_ROUND_NS,
  RING_RECORD_BYTES,
  SWEEP_ENTRIES,
  SWEEP_RECORDS,
} from "./limits.ts";
import { createMemory, DEVICE_TABLE_BYTES, type MemoryOptions, type MemoryPlan, planMemory } from "./memory_plan.ts";
import { readBooks } from "./read_books.ts";
import { type RecordCounts, RecordGate } from "./filter/mod.ts";
import { ReplayClock } from "./replay_clock.ts";
import type { Sampling } from "./sampling.ts";

export interface ReplayOptions {
  kernel: Kernel;
  image: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module;
  memory: Omit<MemoryOptions, "cpuCount">;
  table: TableOptions;
  meaningOf: MeaningOf;
  /** Which flows are handed out. Default: all. */
  filter?: FilterSettings | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
  /** Built once the replay can say what records refer to. */
  exporters(replay: Replay): Exporter[];
}

const MS_NS = 1_000_000n;
/** As long as a timer can wait: who reads slowly gets everything. */
const PATIENCE_MS = 2 ** 31 - 1;

export class Replay {
  readonly clock: ReplayClock;
  readonly exporters: readonly Exporter[];
  readonly #kernel: Kernel;
  readonly #program: FlowProgram;
  readonly #replayer: Replayer;
  readonly #memory: WebAssembly.Memory;
  readonly #plan: MemoryPlan;
  readonly #table: Table;
  readonly #out: OutReader;
  readonly #kernelBooks: KernelBooks;
  readonly #tableBooks: TableBooks;
  readonly #devices = new RecordedDevices();
  readonly #links = new LinkLayer();
  readonly #gate: RecordGate;
  readonly #devicePasses: ((device: NamedDevice) => boolean) | undefined;
  readonly #meaningOf: MeaningOf;
  readonly #frame: ReplayFrame;
  /** Frames that surely fit the ring, should each evict a slot. */
  readonly #framesMost: number;
  /** Rounds after which a silence has ended every flow. */
  readonly #silentRoundsMost: bigint;
  readonly #gaveUp = Promise.withResolvers<void>();
  #anchors: Anchors | undefined;
  #devicesWritten = -1;
  /** Recorded time of the next round. */
  #dueNs = 0n;
  #framesSinceDrain = 0;

  private constructor(options: ReplayOptions, plan: MemoryPlan, memory: WebAssembly.Memory, table: Table) {
    this.#kernel = options.kernel;
    this.#plan = plan;
    this.#memory = memory;
    this.#table = table;
    this.#out = new OutReader(memory, plan);
    this.#kernelBooks = new KernelBooks(memory, plan);
    this.#tableBooks = new TableBooks(memory, plan);
    const horizonNs = BigInt(longestSilenceMs(options.table)) * MS_NS + 2n * REPLAY_ROUND_NS;
    this.clock = new ReplayClock(horizonNs);
    this.#silentRoundsMost = horizonNs / REPLAY_ROUND_NS;
    this.#framesMost = Math.min(DRAIN_RECORDS, Math.floor(plan.ringBytes / RING_RECORD_BYTES) - 1);
    const { filter, sampling } = options;
    this.#gate = new RecordGate({ filter, sampling, interfaceOf: (id) => this.interfaceOf(id) });
    const inKernel = filter && kernelFilter(filter);
    this.#devicePasses = inKernel?.devicePasses;
    this.#program = loadProgram(options.kernel, plan, memory, {
      image: options.image,
      purpose: "replay",
      idleGapMs: shortestIdleTimeoutMs(options.table),
      ...TUNNEL_PORTS,
      hashMultipliers: REPLAY_HASH_MULTIPLIERS,
      filter: inKernel,
      sampling,
    });
    this.#replayer = new Replayer(options.kernel, this.#program.replayFd());
    this.#frame = {
      data: new Uint8Array(),
      frameBytes: 0,
      linkBytes: 0,
      withoutMacs: false,
      timeNs: 0n,
      ifindex: 0,
      hook: "ingress",
    };
    table.useDevices(plan.devices[0]);
    this.#meaningOf = options.meaningOf;
    this.exporters = options.exporters(this);
  }

  /** Loads the program. Throws KernelError. */
  static async open(options: ReplayOptions): Promise<Replay> {
    const plan = planMemory({ ...options.memory, cpuCount: 1 });
    const memory = createMemory(plan);
    const { module, sampling } = options;
    const table = await Table.create(module, memory, plan, { ...options.table, sampling }, {
      segmentReady: () => true,
    });
    return new Replay(options, plan, memory, table);
  }

  /** Whether {@linkcode advance} has something to do before a frame of this time. */
  isDue(timeNs: bigint): boolean {
    return timeNs >= this.#dueNs || this.#framesSinceDrain >= this.#framesMost || this.clock.isStepBack(timeNs);
  }

  /** Lets time go on to a frame's. */
  async advance(timeNs: bigint): Promise<void> {
    if (!this.#anchors) return this.#begin(timeNs);
    if (this.#framesSinceDrain >= this.#framesMost) this.#drain();
    if (this.clock.isStepBack(timeNs)) {
      await this.#round(this.clock.wallNs());
      this.clock.stepBack(timeNs);
      this.#anchors.measure();
      this.#dueNs = timeNs + REPLAY_ROUND_NS;
      return;
    }
    for (let rounds = 0n; timeNs >= this.#dueNs; rounds++) {
      await this.#round(this.#dueNs);
      this.#dueNs += REPLAY_ROUND_NS;
      if (timeNs < this.#dueNs) return;
      if (!this.#isEmpty() && rounds < this.#silentRoundsMost) continue;
      // nothing can become due before this frame
      this.clock.skip(timeNs);
      this.#anchors.measure();
      this.#beginRound(this.clock.monotonicNs());
      this.#dueNs = timeNs + REPLAY_ROUND_NS;
    }
  }

  #begin(timeNs: bigint): void {
    this.clock.begin(timeNs);
    this.#anchors = new Anchors(this.clock, new BigInt64Array(this.#memory.buffer, this.#plan.anchors, ANCHORS_MAX));
    this.#dueNs = timeNs + REPLAY_ROUND_NS;
    this.#beginRound(this.clock.monotonicNs());
  }

  /** Runs the program on a frame. Throws KernelError. */
  feed(frame: RecordedFrame): void {
    const into = this.#frame;
    into.hook = frame.outgoing ? "egress" : "ingress";
    this.#links.convert(frame, into);
    into.timeNs = this.clock.take(frame.timeNs);
    into.ifindex = this.#deviceOf(frame);
    this.#replayer.feed(into);
    this.#framesSinceDrain++;
  }

  /** The frame's device; of one that the filter keeps out, the program is told before its first frame. */
  #deviceOf(frame: RecordedFrame): number {
    const known = this.#devices.count;
    const id = this.#devices.idOf(frame);
    if (this.#devicePasses && this.#devices.count > known && !this.#devicePasses(this.#devices.device(id)!)) {
      this.#program.filterDevice(id);
    }
    return id;
  }

  #isEmpty(): boolean {
    const { flows, aggregates } = this.#tableBooks.stats();
    return flows + aggregates === 0;
  }

  #beginRound(nowNs: bigint): void {
    this.#table.beginRound(nowNs, this.#anchors?.offsetNs ?? 0n, this.#anchors?.place ?? 0);
  }

  /** What the collector does by its clock, at a recorded time. */
  async #round(timeNs: bigint): Promise<void> {
    this.#beginRound(timeNs - this.clock.wallNs() + this.clock.monotonicNs());
    this.#drain();
    this.#table.scan(false);
    for (;;) {
      const state = this.#table.sweep(SWEEP_ENTRIES, SWEEP_RECORDS);
      if (this.#out.waiting()) await this.#handOut();
      if (state === SWEEP_DONE) return;
    }
  }

  #drain(): void {
    this.#writeDevices();
    while (this.#table.drain(DRAIN_RECORDS) === DRAIN_RECORDS);
    this.#framesSinceDrain = 0;
  }

  /** Before anything of a new device is counted. Devices are only ever added, so what the table decided holds. */
  #writeDevices(): void {
    if (this.#devicesWritten === this.#devices.count) return;
    this.#devicesWritten = this.#devices.count;
    const region = new Uint8Array(this.#memory.buffer, this.#plan.devices[0], DEVICE_TABLE_BYTES);
    writeDeviceTable(region, this.#devices.forTable());
  }

  async #handOut(): Promise<void> {
    while (this.#out.waiting()) {
      for (const exporter of this.exporters) if (!exporter.isReady()) await exporter.ready();
      this.#out.take(READY_RECORDS, (record) => {
        const meaning = this.#gate.admit(record, this.#meaningOf);
        if (meaning) { for (const exporter of this.exporters) exporter.accept(record, meaning); }
      });
    }
  }

  exporterRecords(): Record<string, ExporterRecords> {
    return Object.fromEntries(this.exporters.map((exporter) => [exporter.name, exporter.records()]));
  }

  /** Ends and hands out every flow, however long exporters take. The books are final then. */
  async finish(): Promise<void> {
    if (this.#anchors) await this.#round(this.clock.wallNs());
    this.#table.scan(true);
    this.#table.rewind();
    for (let state = -1; state !== SWEEP_DONE;) {
      state = this.#table.flush(SWEEP_RECORDS);
      await this.#handOut();
    }
    this.#table.audit();
    const closed = Promise.all(this.exporters.map((exporter) => exporter.close(PATIENCE_MS)));
    await Promise.race([closed, this.#gaveUp.promise]);
  }

  /** Waits for no exporter any more: what they have not sent, and what still comes, is lost, by name. */
  giveUp(): void {
    for (const exporter of this.exporters) exporter.giveUp();
    this.#gaveUp.resolve();
  }

  /** Unloads the program. */
  close(): void {
    this.#program.close();
  }

  interfaceOf(id: number): RecordedDevice | undefined {
    return this.#devices.device(id);
  }

  stats(): TableStats {
    return this.#tableBooks.stats();
  }

  /** Records by what became of them between table and exporters. */
  recordCounts(): RecordCounts {
    return this.#gate.records();
  }

  auditBooks(): Promise<Books> {
    const exporters = Object.fromEntries(this.exporters.map((exporter) => [exporter.name, exporter.terms()]));
    const gate = this.#gate.terms(zeroAmount());
    return Promise.resolve(readBooks(this.#kernelBooks, this.#tableBooks, gate, exporters));
  }

  /** A recording has no counters to compare with. */
  audit(): Promise<AuditLine[]> {
    return Promise.resolve([]);
  }

  devices(): Array<{ device: { ifindex: number; name: string } }> {
    return this.#devices.all().map(({ id, label }) => ({ device: { ifindex: id, name: label } }));
  }

  kernelDetail(): KernelDetail {
    return this.#kernelBooks.detail();
  }

  strays(): Stray[] {
    return readAllStrays(this.#kernel, this.#program.straysFd(), this.#memory, this.#plan);
  }
}

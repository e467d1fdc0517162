/**
 * The way from the table to the exporters: records leave the out ring in their order, are judged by the filter, learn
 * what they mean, and go to every exporter. While one waits for its name, so do those behind it.
 */
import type { AttributeSets } from "./attribute_sets.ts";
import { type Amount, type ExporterTerms, zeroAmount } from "./books.ts";
import { type EndedCount, EndedFlows, OutReader } from "./count/mod.ts";
import type { MeaningOf } from "./enrich/mod.ts";
import { type Exporter, type ExporterRecords, Outlets } from "./export/mod.ts";
import type { FilterSettings } from "./filter_keys.ts";
import type { FlowRecord } from "./flow_record.ts";
import { DEFAULT_BUCKETS, Histogram } from "./histogram.ts";
import type { MemoryPlan } from "./memory_plan.ts";
import { type GateTerms, type RecordCounts, RecordGate } from "./filter/mod.ts";
import { RecordSum } from "./record_sum.ts";
import { RecentRecords } from "./recent_records.ts";
import type { Sampling } from "./sampling.ts";
import { nextTurn } from "./turn.ts";

export interface HandOutOptions {
  meaningOf: MeaningOf;
  /** Whether waiting cannot give a record a better name. Default: it cannot. */
  isSettled?: ((record: FlowRecord) => boolean) | undefined;
  exporters: readonly Exporter[];
  /** Which flows are handed out. Default: all. */
  filter?: FilterSettings | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
  /** Of the histogram of hand-outs, s. */
  pipelineBuckets?: readonly number[] | undefined;
}

interface HandOutParts extends HandOutOptions {
  memory: WebAssembly.Memory;
  plan: MemoryPlan;
  /** The device behind an id in a record. */
  interfaceOf(id: number): { name: string; ifindex: number } | undefined;
}

/** Records given to the exporters between two turns of the event loop. */
const BATCH_RECORDS = 512;
const OUT_WAIT_MS = 1_000;
/** How often to look whether a record that waits for its name has it. */
const UNSETTLED_WAIT_MS = 50;
const MS_PER_S = 1_000;

export class HandOut {
  readonly #out: OutReader;
  readonly #gate: RecordGate;
  readonly #outlets: Outlets;
  readonly #meaningOf: MeaningOf;
  #isSettled: HandOutOptions["isSettled"];
  readonly #ended = new EndedFlows();
  readonly #recent = new RecentRecords();
  /** How long a round of records took from the out ring into every exporter's queue, s. */
  readonly seconds: Histogram;
  readonly #done: Promise<void>;
  #isOver = false;
  #pause: PromiseWithResolvers<void> | undefined;

  /** Begins at once. */
  constructor(parts: HandOutParts) {
    const { memory, plan, meaningOf, isSettled, exporters, pipelineBuckets } = parts;
    this.#out = new OutReader(memory, plan);
    this.#gate = new RecordGate(parts);
    this.#outlets = new Outlets(exporters);
    this.#meaningOf = meaningOf;
    this.#isSettled = isSettled;
    this.seconds = new Histogram(pipelineBuckets ?? DEFAULT_BUCKETS.pipelineSeconds);
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver || this.#out.waiting() > 0) {
      if (this.#out.waiting() === 0) await this.#out.wait(OUT_WAIT_MS);
      const taken = this.#handOn(BATCH_RECORDS, this.#isSettled);
      if (taken === 0 && this.#out.waiting() > 0) await this.#wait(UNSETTLED_WAIT_MS);
      else await nextTurn();
    }
  }

  #handOn(recordsMost: number, isDue: HandOutOptions["isSettled"]): number {
    const begunAtMs = performance.now();
    const count = this.#out.take(recordsMost, (record) => {
      this.#ended.add(record);
      const meaning = this.#gate.admit(record, this.#meaningOf);
      if (!meaning) return;
      this.#recent.add(record, meaning);
      this.#outlets.accept(record, meaning);
    }, isDue);
    if (count) this.seconds.observe((performance.now() - begunAtMs) / MS_PER_S);
    return count;
  }

  /** hurry() ends it early. */
  async #wait(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#pause?.resolve(), ms);
    this.#pause = Promise.withResolvers<void>();
    await this.#pause.promise;
    clearTimeout(timer);
  }

  /** Rejects when it breaks; never resolves. */
  get failed(): Promise<never> {
    return this.#done.then(() => new Promise<never>(() => {}));
  }

  useFilter(filter: FilterSettings): void {
    this.#gate.useFilter(filter);
  }

  /** Gives records to these from the next one on. Others send what they hold, within deadlineMs. */
  useExporters(exporters: readonly Exporter[], deadlineMs: number): void {
    this.#outlets.replace(exporters, this.#gate.terms(zeroAmount()).handed_out, deadlineMs);
  }

  /** Names are not waited for any more. */
  hurry(): void {
    this.#isSettled = undefined;
    this.#pause?.resolve();
  }

  /** Nothing comes any more. */
  end(): void {
    this.hurry();
    this.#isOver = true;
    this.#out.wake();
  }

  /** Resolves after end(), when every record is with the exporters. */
  async finished(): Promise<void> {
    await this.#done;
  }

  /** Exporters send what they hold, for deadlineMs at most. */
  async close(deadlineMs: number): Promise<void> {
    await this.#outlets.close(deadlineMs);
  }

  /** The time to send anything is over. */
  giveUp(): void {
    this.#outlets.giveUp();
  }

  /** Those that records go to. */
  get exporters(): readonly Exporter[] {
    return this.#outlets.active;
  }

  /** By name, those that the settings took away included. */
  exporterRecords(): Record<string, ExporterRecords> {
    return this.#outlets.records();
  }

  /** Records by what became of them on the way. */
  recordCounts(): RecordCounts {
    return this.#gate.records();
  }

  endedFlows(): readonly EndedCount[] {
    return this.#ended.counts();
  }

  /** Those that were handed out last, the newest first. */
  recentRecords(): Iterable<FlowRecord> {
    return this.#recent;
  }

  /** Records in the out ring. */
  waiting(): number {
    return this.#out.waiting();
  }

  /** What they carry. It counts as handed out, and waits for every exporter. */
  waitingAmount(): Amount {
    const waiting = new RecordSum();
    this.#out.look((record) => waiting.add(record));
    return waiting.amount();
  }

  /** Its terms of the books. waiting: what is in the out ring, or nothing where that is not to be counted yet. */
  terms(waiting: Amount): { gate: GateTerms; exporters: Record<string, ExporterTerms> } {
    const gate = this.#gate.terms(waiting);
    return { gate, exporters: this.#outlets.terms(gate.handed_out, waiting) };
  }

  /** Forgets names that no object has and no record refers to. */
  forgetNames(sets: AttributeSets): void {
    sets.collect((mark) => {
      this.#outlets.markSets(mark);
      this.#recent.markSets(mark);
    });
  }
}

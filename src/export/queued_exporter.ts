/**
 * A queue with a sender behind it: takes every record at once, whatever the receiver does, sends in batches, tries
 * again until the receiver answers, and books what became of each record. Nothing that happens here holds up anybody
 * else.
 */
import { type ExporterTerms, sum } from "../books.ts";
import type { Meaning } from "../flow.ts";
import type { FlowRecord } from "../flow_record.ts";
import { log } from "../log.ts";
import { DEFAULT_BUCKETS, Histogram, type HistogramBuckets } from "../histogram.ts";
import { type Exporter, type ExporterRecords, type QueueFigures, READY_RECORDS } from "./exporter.ts";
import { type RecordBatch, RecordQueue } from "./record_queue.ts";
import type { Answer, Sender } from "./sender.ts";
import { RecordSum } from "../record_sum.ts";
import { Tally } from "./tally.ts";

export interface QueuedExporterOptions {
  /** Records that wait or are on their way; beyond, detail is given up. */
  queueRecordsMax: number;
  /** From 0 to 1. */
  random(): number;
  /** Of its histograms. */
  buckets?: HistogramBuckets;
}

const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 30_000;
/** No receiver may ask for a longer wait: a slip of its clock would be an outage. */
const RETRY_ASKED_MOST_MS = 300_000;
/** Tries are spread by this part of their wait, so that agents do not come back all at once. */
const RETRY_JITTER = 0.2;
const WARN_EVERY_MS = 60_000;
const MS_PER_S = 1_000;

/** A batch that is not answered for. */
interface Sending {
  batch: RecordBatch;
  /** Monotonic ms. */
  begunAtMs: number;
  sum: RecordSum;
  /** A try is on its way: its answer may have been lost. */
  isUnderway: boolean;
}

export class QueuedExporter implements Exporter {
  readonly #sender: Sender;
  readonly #options: QueuedExporterOptions;
  readonly #queue: RecordQueue;
  readonly figures: QueueFigures;
  readonly #tally = new Tally();
  readonly #sending = new Set<Sending>();
  readonly #stop = new AbortController();
  /** Closing: waits end now. */
  readonly #hurry = new AbortController();
  #linger: ReturnType<typeof setTimeout> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  /** Somebody waits for room. */
  #settled: PromiseWithResolvers<void> | undefined;
  #gaveUp = false;
  #warnedAtMs = -Infinity;
  /** Why the receiver does not take batches at present; undefined: it does. */
  problem: string | undefined;

  constructor(sender: Sender, options: QueuedExporterOptions) {
    this.#sender = sender;
    this.#options = options;
    const { queueRecordsMax, buckets = DEFAULT_BUCKETS } = options;
    this.#queue = new RecordQueue(queueRecordsMax);
    this.figures = {
      queueRecordsMax,
      batchRecords: new Histogram(buckets.batchRecords),
      sendSeconds: new Histogram(buckets.pipelineSeconds),
    };
  }

  get name(): string {
    return this.#sender.name;
  }

  get isOver(): boolean {
    return this.#sender.isOver;
  }

  isReady(): boolean {
    return this.#gaveUp || this.#queue.room >= READY_RECORDS;
  }

  async ready(): Promise<void> {
    while (!this.isReady()) await (this.#settled ??= Promise.withResolvers<void>()).promise;
  }

  accept(record: FlowRecord, meaning: Meaning): void {
    if (this.#gaveUp) {
      this.#tally.lost("deadline").add(record);
      return;
    }
    this.#queue.push(record, meaning);
    if (this.#queue.waiting >= this.#sender.batchRecordsWanted) this.#sendMore();
    else this.#linger ??= setTimeout(() => this.#sendMore(), this.#sender.lingerMs);
  }

  #sendMore(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    while (this.#sending.size < this.#sender.batchesInFlightMax) {
      const batch = this.#queue.take(this.#sender.batchRecordsMax);
      if (!batch) break;
      this.#begin(batch);
    }
    if (this.#sending.size === 0) this.#idle?.resolve();
  }

  #begin(batch: RecordBatch): void {
    const sending: Sending = { batch, begunAtMs: performance.now(), sum: sumOf(batch), isUnderway: false };
    this.figures.batchRecords.observe(batch.count);
    this.#sending.add(sending);
    void this.#send(sending);
  }

  /** Tries until there is an answer, or no more time. */
  async #send(sending: Sending): Promise<void> {
    for (let tries = 0;; tries++) {
      sending.isUnderway = true;
      const answer = await this.#sender.send(sending.batch, this.#stop.signal);
      sending.isUnderway = false;
      if (!this.#sending.has(sending)) return; // given up on
      if (answer.outcome !== "retry") {
        this.#settle(sending, answer);
        return;
      }
      this.#report(answer.detail);
      await pause(this.#waitMs(answer.afterMs, tries), this.#hurry.signal, this.#stop.signal);
      if (!this.#sending.has(sending)) return;
    }
  }

  /** As the receiver asks; but none that asks for no wait at all is asked without end. */
  #waitMs(askedMs: number | undefined, tries: number): number {
    if (askedMs === undefined) return this.#backoffMs(tries);
    return Math.min(RETRY_ASKED_MOST_MS, tries ? Math.max(RETRY_FIRST_MS, askedMs) : askedMs);
  }

  #backoffMs(tries: number): number {
    const longest = this.#hurry.signal.aborted ? RETRY_FIRST_MS : RETRY_LONGEST_MS;
    const wait = Math.min(longest, RETRY_FIRST_MS * 2 ** tries);
    return wait * (1 + RETRY_JITTER * (2 * this.#options.random() - 1));
  }

  #settle(sending: Sending, answer: Exclude<Answer, { outcome: "retry" }>): void {
    const { batch, sum } = sending;
    if (answer.outcome === "too_large" && batch.count > 1) {
      this.#sending.delete(sending);
      for (const part of batch.split()) this.#begin(part);
      return;
    }
    this.figures.sendSeconds.observe((performance.now() - sending.begunAtMs) / MS_PER_S);
    if (answer.outcome === "delivered") this.#tally.exported.addSum(sum);
    else if (answer.outcome === "rejected") this.#tally.lost(answer.reason).addSum(sum);
    else if (answer.outcome === "too_large") this.#tally.lost("too_large").addSum(sum);
    else this.#settlePartly(batch, answer.count, answer.reason);
    if (answer.outcome === "delivered") this.problem = undefined;
    else this.#report(answer.detail);
    this.#sending.delete(sending);
    this.#queue.release(batch);
    this.#settled?.resolve();
    this.#settled = undefined;
    this.#sendMore();
  }

  /** A receiver says how many spans it rejected, not which: the batch's last ones are booked as those. */
  #settlePartly(batch: RecordBatch, rejected: number, reason: string): void {
    const delivered = Math.max(0, batch.count - rejected);
    for (let i = 0; i < batch.count; i++) {
      (i < delivered ? this.#tally.exported : this.#tally.lost(reason)).add(batch.record(i));
    }
  }

  #report(problem: string): void {
    this.problem = problem;
    const now = performance.now();
    if (now - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = now;
    log.warn("Exporter {name} is not delivered: {problem}; {queued} records wait", {
      name: this.name,
      problem,
      queued: this.records().queued,
    });
  }

  markSets(mark: (id: number) => void): void {
    for (const record of this.#queue.waitingRecords()) record.markQueuedSets(mark);
    for (const { batch } of this.#sending) {
      for (let i = 0; i < batch.count; i++) batch.record(i).markQueuedSets(mark);
    }
  }

  terms(): ExporterTerms {
    const queued = new RecordSum();
    for (const record of this.#queue.waitingRecords()) queued.add(record);
    return this.#tally.terms(sum(queued.amount(), ...[...this.#sending].map(({ sum }) => sum.amount())));
  }

  records(): ExporterRecords {
    return {
      queued: this.#queue.waiting + [...this.#sending].reduce((count, { batch }) => count + batch.count, 0),
      exported: this.#tally.exported.records,
      lost: this.#tally.lostRecords(),
    };
  }

  async close(deadlineMs: number): Promise<void> {
    this.#hurry.abort();
    this.#idle = Promise.withResolvers<void>();
    this.#sendMore();
    const timer = setTimeout(() => this.#idle!.resolve(), deadlineMs);
    await this.#idle.promise;
    clearTimeout(timer);
    this.giveUp();
    await this.#sender.close();
  }

  giveUp(): void {
    this.#gaveUp = true;
    clearTimeout(this.#linger);
    for (const { sum, isUnderway } of this.#sending) {
      this.#tally.lost(isUnderway ? "unknown" : "deadline").addSum(sum);
    }
    this.#sending.clear();
    for (let batch = this.#queue.take(Infinity); batch; batch = this.#queue.take(Infinity)) {
      this.#tally.lost("deadline").addSum(sumOf(batch));
      this.#queue.release(batch);
    }
    this.#stop.abort();
    this.#settled?.resolve();
    this.#idle?.resolve();
  }
}

function sumOf(batch: RecordBatch): RecordSum {
  const sum = new RecordSum();
  for (let i = 0; i < batch.count; i++) sum.add(batch.record(i));
  return sum;
}

/** Waits; a signal that comes up meanwhile ends it, one that was up before does not. */
async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  const over = Promise.withResolvers<void>();
  const end = () => over.resolve();
  const timer = setTimeout(end, ms);
  for (const signal of signals) signal.addEventListener("abort", end, { once: true });
  await over.promise;
  clearTimeout(timer);
  for (const signal of signals) signal.removeEventListener("abort", end);
}

/** An exporter that writes one line a record to a stream; what a line looks like is given. */
import { type ExporterTerms, sum } from "../books.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { Exporter, ExporterRecords } from "./exporter.ts";
import { RecordSum, Tally } from "./tally.ts";

/** Writes bytes in order; rejects when nobody reads any more. */
export interface LineStream {
  write(bytes: Uint8Array): Promise<void>;
}

/** Lines that wait for the stream; beyond, records wait in the out ring, and beyond that, in their flows. */
const QUEUE_CHARACTERS_MAX = 1024 * 1024;

class Batch {
  readonly lines: string[] = [];
  readonly sum = new RecordSum();
  characters = 0;
}

export class LineExporter implements Exporter {
  readonly name: string;
  readonly #stream: LineStream;
  readonly #format: (record: FlowRecord) => string;
  readonly #tally = new Tally();
  #waiting = new Batch();
  #sending: Batch | undefined;
  #sent: Promise<void> = Promise.resolve();
  /** Why nothing is delivered any more. */
  #ended: "output_closed" | "deadline" | undefined;
  readonly #gaveUp = Promise.withResolvers<void>();

  /** header: a line of no record, written first. */
  constructor(name: string, stream: LineStream, format: (record: FlowRecord) => string, header = "") {
    this.name = name;
    this.#stream = stream;
    this.#format = format;
    if (!header) return;
    this.#sending = new Batch(); // of nothing: what comes meanwhile waits its turn
    this.#sent = this.#write(header).then(() => this.#send());
  }

  /** Whether the stream's reader went away. What comes then is lost for the reason "output_closed". */
  get isBroken(): boolean {
    return this.#ended === "output_closed";
  }

  isReady(): boolean {
    return this.#ended !== undefined || this.#waiting.characters < QUEUE_CHARACTERS_MAX;
  }

  async ready(): Promise<void> {
    while (!this.isReady()) await Promise.race([this.#sent, this.#gaveUp.promise]);
  }

  accept(record: FlowRecord): void {
    if (this.#ended) {
      this.#tally.lost(this.#ended).add(record);
      return;
    }
    const line = this.#format(record);
    this.#waiting.lines.push(line);
    this.#waiting.characters += line.length;
    this.#waiting.sum.add(record);
    if (!this.#sending) this.#sent = this.#send();
  }

  async #send(): Promise<void> {
    while (this.#waiting.sum.records > 0) {
      const batch = this.#sending = this.#waiting;
      this.#waiting = new Batch();
      const isWritten = await this.#write(batch.lines.join(""));
      const outcome = isWritten ? this.#tally.exported : this.#tally.lost("output_closed");
      if (this.#sending !== batch) return; // giveUp() booked it
      outcome.addSum(batch.sum);
    }
    this.#sending = undefined;
  }

  async #write(text: string): Promise<boolean> {
    if (this.#ended) return false;
    try {
      await this.#stream.write(new TextEncoder().encode(text));
      return true;
    } catch {
      // Whatever the stream's error is: these lines were not delivered, and the next ones will not be.
      this.#ended ??= "output_closed";
      return false;
    }
  }

  terms(): ExporterTerms {
    const queued = this.#waiting.sum.amount();
    return this.#tally.terms(this.#sending ? sum(queued, this.#sending.sum.amount()) : queued);
  }

  records(): ExporterRecords {
    return {
      queued: this.#waiting.sum.records + (this.#sending?.sum.records ?? 0),
      exported: this.#tally.exported.records,
      lost: this.#tally.lostRecords(),
    };
  }

  async close(deadlineMs: number): Promise<void> {
    const late = Promise.withResolvers<true>();
    const timer = setTimeout(() => late.resolve(true), deadlineMs);
    const isLate = await Promise.race([this.#sent, late.promise]);
    clearTimeout(timer);
    if (isLate) this.giveUp();
  }

  giveUp(): void {
    // What is being written may arrive or not; what was not begun will not.
    if (this.#sending) this.#tally.lost("unknown").addSum(this.#sending.sum);
    this.#tally.lost("deadline").addSum(this.#waiting.sum);
    this.#sending = undefined;
    this.#waiting = new Batch();
    this.#ended ??= "deadline";
    this.#gaveUp.resolve();
  }
}

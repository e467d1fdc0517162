/** A sender that writes one line a record to a stream; what a line looks like is given. */
import type { FlowRecord } from "../flow_record.ts";
import type { RecordBatch } from "./record_queue.ts";
import type { Answer, Sender } from "./sender.ts";

/** Writes bytes in order; rejects when nobody reads any more. */
export interface LineStream {
  write(bytes: Uint8Array): Promise<void>;
}

/** Lines in one write: what a terminal takes at a time, and a pipe without waiting. */
const BATCH_RECORDS = 256;

export class LineSender implements Sender {
  readonly name: string;
  readonly batchRecordsWanted = BATCH_RECORDS;
  readonly batchRecordsMax = BATCH_RECORDS;
  readonly lingerMs = 0;
  readonly batchesInFlightMax = 1;
  readonly #stream: LineStream;
  readonly #format: (record: FlowRecord) => string;
  /** To be written in front of the first lines. */
  #header: string;
  #isOver = false;

  /** header: a line of no record, written in front of the first one. */
  constructor(name: string, stream: LineStream, format: (record: FlowRecord) => string, header = "") {
    this.name = name;
    this.#stream = stream;
    this.#format = format;
    this.#header = header;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async send(batch: RecordBatch): Promise<Answer> {
    let lines = this.#header;
    this.#header = "";
    for (let i = 0; i < batch.count; i++) lines += this.#format(batch.record(i));
    const isWritten = await this.#write(lines);
    if (isWritten) return { outcome: "delivered" };
    return { outcome: "rejected", reason: "output_closed", detail: "nobody reads the output any more" };
  }

  async #write(text: string): Promise<boolean> {
    if (this.#isOver) return false;
    try {
      await this.#stream.write(new TextEncoder().encode(text));
      return true;
    } catch {
      // Whatever the stream's error is: these lines were not delivered, and the next ones will not be.
      this.#isOver = true;
      return false;
    }
  }

  close(): void {}
}

/** The records that were handed out last, with what they meant then: for questions about flows that are over. */
import type { Meaning } from "./flow.ts";
import { FlowRecord, QUEUED_RECORD_BYTES } from "./flow_record.ts";
import { RECENT_RECORDS } from "./limits.ts";

const WORDS_PER_RECORD = QUEUED_RECORD_BYTES / 4;

export class RecentRecords {
  /** Made with the first record. */
  #words: Int32Array | undefined;
  #count = 0;

  add(record: FlowRecord, meaning: Meaning): void {
    this.#words ??= new Int32Array(RECENT_RECORDS * WORDS_PER_RECORD);
    record.copyTo(this.#words, (this.#count++ % RECENT_RECORDS) * WORDS_PER_RECORD, meaning);
  }

  /** The newest first. Each is valid until the next one. */
  *[Symbol.iterator](): Generator<FlowRecord> {
    if (!this.#words) return;
    const cursor = new FlowRecord(this.#words.buffer);
    const oldest = Math.max(0, this.#count - RECENT_RECORDS);
    for (let i = this.#count - 1; i >= oldest; i--) yield cursor.moveTo((i % RECENT_RECORDS) * QUEUED_RECORD_BYTES);
  }

  /** Marks the attribute sets that they refer to. */
  markSets(mark: (id: number) => void): void {
    for (const record of this) record.markQueuedSets(mark);
  }
}

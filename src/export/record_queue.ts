/**
 * Records that wait to be sent, in the order in which they came: compact copies in chunks, taken when they are needed
 * and given back when all their records are answered for.
 *
 * Full, it keeps every packet and gives up resolution: a record of a flow that waits already is added to the one that
 * waits; any other is added to an aggregate of its kind.
 */
import { assert } from "../errors.ts";
import type { Meaning } from "../flow.ts";
import { FlowRecord, QUEUED_RECORD_BYTES, RECORD_OFFSETS } from "../flow_record.ts";
import { EXPORT_QUEUE_RECORDS_MIN } from "../limits.ts";
import { AggregateRecords } from "./aggregate_records.ts";
import { isSameFlow, mergeRecord } from "./record_merge.ts";

/** No batch has more: a batch lies in one chunk. */
const CHUNK_RECORDS = 2_048;
/** Chunks kept for later, 600 KiB each: new ones must be zeroed. */
const SPARES_MAX = 4;
const CHUNK_BYTES = CHUNK_RECORDS * QUEUED_RECORD_BYTES;
const WORDS_PER_RECORD = QUEUED_RECORD_BYTES / 4;
const NONE = -1;
/** A queue that was full takes detail again when no more than this part of it is in use. */
const REFILL_BELOW = 7 / 8;

class Chunk {
  readonly bytes = new Uint8Array(CHUNK_BYTES);
  readonly words = new Int32Array(this.bytes.buffer);
  /** Records written, handed out in batches, and answered for. */
  written = 0;
  taken = 0;
  answered = 0;
}

/** Records one behind the other, until release(). */
export interface RecordBatch {
  readonly count: number;
  /** count × {@linkcode QUEUED_RECORD_BYTES} */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Points a cursor of its own at a record. */
  record(index: number): FlowRecord;
  /** The same records in two batches, each to be released by itself. Of more than one record. */
  split(): [RecordBatch, RecordBatch];
}

class Batch implements RecordBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #cursor: FlowRecord;

  constructor(readonly chunk: Chunk, readonly first: number, readonly count: number) {
    this.bytes = chunk.bytes.subarray(first * QUEUED_RECORD_BYTES, (first + count) * QUEUED_RECORD_BYTES);
    this.#cursor = new FlowRecord(chunk.bytes.buffer);
  }

  record(index: number): FlowRecord {
    return this.#cursor.moveTo((this.first + index) * QUEUED_RECORD_BYTES);
  }

  split(): [Batch, Batch] {
    assert(this.count > 1, "one record cannot be split");
    const half = this.count >> 1;
    return [new Batch(this.chunk, this.first, half), new Batch(this.chunk, this.first + half, this.count - half)];
  }
}

export interface QueueCounts {
  /** Records that were added to another one of the same flow. */
  merged: number;
  /** Records that were added to an aggregate. */
  aggregated: number;
}

export class RecordQueue {
  readonly #recordsMax: number;
  readonly #chunks: Chunk[] = [];
  readonly #spares: Chunk[] = [];
  readonly #aggregates = new AggregateRecords();
  readonly #scratch = new Int32Array(WORDS_PER_RECORD);
  /** While the queue is full: which flows wait, and where. */
  #flows: FlowIndex | undefined;
  #waiting = 0;
  #held = 0;
  readonly counts: QueueCounts = { merged: 0, aggregated: 0 };

  constructor(recordsMax: number) {
    assert(recordsMax >= EXPORT_QUEUE_RECORDS_MIN, `a queue has room for ${EXPORT_QUEUE_RECORDS_MIN} records`);
    this.#recordsMax = recordsMax;
  }

  /** Records that no batch has yet. */
  get waiting(): number {
    return this.#waiting + this.#aggregates.count;
  }

  /** Records that it takes with all their detail. */
  get room(): number {
    return this.#flows ? 0 : Math.max(0, this.#recordsMax - this.#held);
  }

  /** Whether detail is being given up: from full on until an eighth of the room is free again. */
  get isFull(): boolean {
    return this.#flows !== undefined;
  }

  /** Copies a record in, with what it means. */
  push(record: FlowRecord, meaning: Meaning): void {
    if (!this.#flows && this.#held >= this.#recordsMax) this.#flows = new FlowIndex(this.#recordsMax, this.#chunks);
    if (this.#flows) {
      record.copyTo(this.#scratch, 0, meaning);
      this.#fold(this.#flows, this.#scratch);
      return;
    }
    const chunk = this.#chunkToWrite();
    record.copyTo(chunk.words, chunk.written * WORDS_PER_RECORD, meaning);
    this.#count(chunk);
  }

  #append(record: Int32Array): void {
    const chunk = this.#chunkToWrite();
    chunk.words.set(record, chunk.written * WORDS_PER_RECORD);
    this.#count(chunk);
  }

  #count(chunk: Chunk): void {
    chunk.written++;
    this.#waiting++;
    this.#held++;
  }

  #chunkToWrite(): Chunk {
    let chunk = this.#chunks.at(-1);
    if (!chunk || chunk.written === CHUNK_RECORDS) this.#chunks.push(chunk = this.#takeChunk());
    return chunk;
  }

  #takeChunk(): Chunk {
    const chunk = this.#spares.pop() ?? new Chunk();
    chunk.written = chunk.taken = chunk.answered = 0;
    return chunk;
  }

  #fold(flows: FlowIndex, record: Int32Array): void {
    const place = flows.find(record);
    if (place) {
      mergeRecord(place.chunk.bytes, place.byteOffset, record);
      this.counts.merged++;
    } else {
      this.#aggregates.add(record);
      this.counts.aggregated++;
    }
  }

  /** The oldest waiting records, `most` at most; undefined when none waits. Their batch must be released. */
  take(most: number): RecordBatch | undefined {
    for (const chunk of this.#chunks) {
      const count = Math.min(chunk.written - chunk.taken, most);
      if (count === 0) continue;
      const batch = new Batch(chunk, chunk.taken, count);
      chunk.taken += count;
      this.#waiting -= count;
      return batch;
    }
    return this.#takeAggregates(most);
  }

  /** Aggregates go last: what they stand for came after all that waited in detail. */
  #takeAggregates(most: number): RecordBatch | undefined {
    if (this.#aggregates.count === 0) return undefined;
    this.#flows = undefined;
    this.#aggregates.moveTo((record) => this.#append(record));
    return this.take(most);
  }

  /** The batch's records are answered for: their room is free. */
  release(batch: RecordBatch): void {
    assert(batch instanceof Batch, "a batch of this queue");
    const { chunk, count } = batch;
    chunk.answered += count;
    this.#held -= count;
    if (this.#held < this.#recordsMax * REFILL_BELOW) this.#flows = undefined;
    if (chunk.answered < chunk.written || (chunk.written < CHUNK_RECORDS && chunk === this.#chunks.at(-1))) return;
    this.#chunks.splice(this.#chunks.indexOf(chunk), 1);
    if (this.#spares.length < SPARES_MAX) this.#spares.push(chunk);
  }

  /** Every record that no batch has, for their sum. */
  *waitingRecords(): Generator<FlowRecord> {
    for (const chunk of this.#chunks) {
      const cursor = new FlowRecord(chunk.bytes.buffer);
      for (let i = chunk.taken; i < chunk.written; i++) yield cursor.moveTo(i * QUEUED_RECORD_BYTES);
    }
    yield* this.#aggregates.records();
  }
}

/** Finds the waiting record of a flow. Made when the queue is full, and of no use once more records are appended. */
class FlowIndex {
  readonly #places: Int32Array;
  readonly #chunks: readonly Chunk[];

  constructor(recordsMax: number, chunks: readonly Chunk[]) {
    this.#chunks = [...chunks];
    this.#places = new Int32Array(2 ** Math.ceil(Math.log2(recordsMax * 2))).fill(NONE);
    this.#chunks.forEach((chunk, number) => {
      for (let i = chunk.taken; i < chunk.written; i++) {
        const at = this.#slot(chunk.words.subarray(i * WORDS_PER_RECORD, (i + 1) * WORDS_PER_RECORD));
        this.#places[at] = number * CHUNK_RECORDS + i;
      }
    });
  }

  /** Where this flow's record is noted or would be. The newest of several with one trace id wins. */
  #slot(record: Int32Array): number {
    const mask = this.#places.length - 1;
    for (let at = hashOf(record) & mask;; at = (at + 1) & mask) {
      const place = this.#places[at]!;
      if (place === NONE) return at;
      const { words } = this.#chunks[Math.floor(place / CHUNK_RECORDS)]!;
      if (isSameFlow(words, place % CHUNK_RECORDS * WORDS_PER_RECORD, record)) return at;
    }
  }

  find(record: Int32Array): { chunk: Chunk; byteOffset: number } | undefined {
    const place = this.#places[this.#slot(record)]!;
    if (place === NONE) return undefined;
    const chunk = this.#chunks[Math.floor(place / CHUNK_RECORDS)]!;
    const index = place % CHUNK_RECORDS;
    return index < chunk.taken ? undefined : { chunk, byteOffset: index * QUEUED_RECORD_BYTES };
  }
}

/** A trace id is a hash already. */
function hashOf(record: Int32Array): number {
  return record[RECORD_OFFSETS.traceId0 / 4]! ^ record[RECORD_OFFSETS.traceId0 / 4 + 3]!;
}

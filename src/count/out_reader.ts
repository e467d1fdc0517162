/** The main thread's end of the out ring. */
import type { MemoryPlan } from "../memory_plan.ts";
import { FlowRecord, RECORD_BYTES } from "../flow_record.ts";
import { OUT_CONSUMED, OUT_PRODUCED } from "./table_layout.ts";

/** Takes a record; what it reads must be read before it returns. */
export type RecordSink = (record: FlowRecord) => void;

export class OutReader {
  readonly #words: Int32Array;
  readonly #plan: MemoryPlan;
  readonly #record: FlowRecord;
  #consumed = 0;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#words = new Int32Array(memory.buffer);
    this.#plan = plan;
    this.#record = new FlowRecord(memory.buffer);
  }

  /** Records waiting. */
  waiting(): number {
    return (Atomics.load(this.#words, OUT_PRODUCED >> 2) - this.#consumed) >>> 0;
  }

  /**
   * Gives at most `most` records to the sink, up to the first one that is not due, and their places back to the table.
   * Returns how many.
   */
  take(most: number, sink: RecordSink, isDue: (record: FlowRecord) => boolean = () => true): number {
    const waiting = Math.min(this.waiting(), most);
    let count = 0;
    while (count < waiting && isDue(this.#at(count))) sink(this.#at(count++));
    this.#consumed = (this.#consumed + count) | 0;
    Atomics.store(this.#words, OUT_CONSUMED >> 2, this.#consumed);
    Atomics.notify(this.#words, OUT_CONSUMED >> 2);
    return count;
  }

  /** Gives all waiting records to the sink and leaves them where they are. */
  look(sink: RecordSink): void {
    const count = this.waiting();
    for (let i = 0; i < count; i++) sink(this.#at(i));
  }

  #at(place: number): FlowRecord {
    const index = (this.#consumed + place) & (this.#plan.outRecords - 1);
    return this.#record.moveTo(this.#plan.out + index * RECORD_BYTES);
  }

  /** Ends a wait() now. */
  wake(): void {
    Atomics.notify(this.#words, OUT_PRODUCED >> 2);
  }

  /** Resolves when there are records, or after timeoutMs. */
  async wait(timeoutMs: number): Promise<void> {
    const result = Atomics.waitAsync(this.#words, OUT_PRODUCED >> 2, this.#consumed, timeoutMs);
    await result.value;
  }
}

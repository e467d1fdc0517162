/** The kernel's ring as tests read it, in TypeScript, so that the table's own drain is not what checks it. */
import { SLOT_BYTES } from "../../src/limits.ts";
import { type MemoryPlan, ringParts } from "../../src/memory_plan.ts";
import { readSlot, type SlotView } from "./slot_view.ts";

const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;

export class RingReader {
  readonly #memory: WebAssembly.Memory;
  readonly #view: DataView;
  readonly #ringBytes: number;
  readonly #parts: ReturnType<typeof ringParts>;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#ringBytes = plan.ringBytes;
    this.#parts = ringParts(plan);
  }

  /** Records not drained yet, oldest first. */
  peek(): SlotView[] {
    const produced = this.#view.getBigUint64(this.#parts.producer, true);
    const records: SlotView[] = [];
    for (let at = this.#view.getBigUint64(this.#parts.consumer, true); at < produced;) {
      const header = this.#parts.data + Number(at & BigInt(this.#ringBytes - 1));
      const length = this.#view.getUint32(header, true);
      if (length & BUSY) break;
      const bytes = length & ~DISCARDED;
      if (!(length & DISCARDED)) {
        if (bytes !== SLOT_BYTES) throw new Error(`Cannot read the ring: a record has ${bytes} bytes`);
        records.push(readSlot(this.#memory.buffer, header + HEADER_BYTES));
      }
      at += BigInt(Math.ceil((HEADER_BYTES + bytes) / 8) * 8);
    }
    return records;
  }

  /** The records, and room for more. */
  drain(): SlotView[] {
    const records = this.peek();
    this.#view.setBigUint64(this.#parts.consumer, this.#view.getBigUint64(this.#parts.producer, true), true);
    return records;
  }
}

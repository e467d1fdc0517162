/**
 * The pages of a packet trace: what became of packets, and the ring that they wait in, mapped into memory of ours. The
 * memory is made once and used again: what is not mapped takes none.
 */
import { addressOf, clearFixed, mapFixed, pageBytes, PROT_READ, PROT_WRITE } from "../../libc.ts";
import { TRACE_RING_BYTES, WASM_PAGE_BYTES } from "../../limits.ts";
import type { LoadedObject } from "../kernel.ts";
import { TRACE_STATE } from "./trace_layout.ts";

const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;

export interface TraceCounts {
  /** Packets that were asked for. */
  matched: number;
  /** Of these, given to who asked. */
  shown: number;
  /** Not shown: more than are shown in a second. */
  overRate: number;
  /** Not shown: who asked read too slowly. */
  noRoom: number;
}

export class TraceMemory {
  readonly #buffer: ArrayBufferLike;
  readonly #view: DataView;
  readonly #words: Int32Array;
  readonly #pageBytes = pageBytes();
  readonly #sizeBytes = 3 * this.#pageBytes + 2 * TRACE_RING_BYTES;

  constructor() {
    const pages = Math.ceil(this.#sizeBytes / WASM_PAGE_BYTES);
    // shared, so that atomics are atomics
    this.#buffer = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
    this.#view = new DataView(this.#buffer);
    this.#words = new Int32Array(this.#buffer);
  }

  get #consumer(): number {
    return this.#pageBytes;
  }

  get #producer(): number {
    return 2 * this.#pageBytes;
  }

  get #data(): number {
    return 3 * this.#pageBytes;
  }

  /** Maps the object's maps. */
  map(object: LoadedObject): void {
    const base = addressOf(this.#buffer);
    const at = (offset: number) => base + BigInt(offset);
    const ring = object.mapFd("trace_ring");
    mapFixed(at(0), this.#pageBytes, PROT_READ, object.mapFd("trace_state"), 0);
    mapFixed(at(this.#consumer), this.#pageBytes, PROT_READ | PROT_WRITE, ring, 0);
    mapFixed(at(this.#producer), this.#pageBytes + 2 * TRACE_RING_BYTES, PROT_READ, ring, this.#pageBytes);
  }

  /** Lets go of them. */
  unmap(): void {
    clearFixed(addressOf(this.#buffer), this.#sizeBytes);
  }

  /** What became of packets. All zero where nothing is mapped. */
  counts(): TraceCounts {
    const count = (at: number) => Number(this.#view.getBigUint64(at, true));
    return {
      matched: count(TRACE_STATE.matched),
      shown: count(TRACE_STATE.shown),
      overRate: count(TRACE_STATE.overRate),
      noRoom: count(TRACE_STATE.noRoom),
    };
  }

  /** Gives the records that wait, `most` of them at most, and their room back to the kernel. Returns how many. */
  drain(most: number, sink: (record: DataView) => void): number {
    let at = this.#view.getBigUint64(this.#consumer, true);
    const produced = this.#view.getBigUint64(this.#producer, true);
    let count = 0;
    while (at < produced && count < most) {
      const header = this.#data + Number(at & BigInt(TRACE_RING_BYTES - 1));
      const length = Atomics.load(this.#words, header >> 2) >>> 0;
      if (length & BUSY) break;
      const bytes = length & ~(BUSY | DISCARDED);
      if (!(length & DISCARDED)) {
        sink(new DataView(this.#buffer, header + HEADER_BYTES, bytes));
        count++;
      }
      at += BigInt((HEADER_BYTES + bytes + 7) & ~7);
    }
    this.#view.setBigUint64(this.#consumer, at, true);
    return count;
  }
}

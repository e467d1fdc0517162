/** What one frame did to the kernel's books: read before, read after, and checked to be one frame's doing. */
import assert from "node:assert/strict";
import { type Hook, HOOKS } from "../../src/flow.ts";
import { BOOKS_BYTES, EVENTS, MALFORMED, TERMS } from "../../src/collect/kernel_books.ts";
import { CPU_AREA_BYTES, type MemoryPlan } from "../../src/memory_plan.ts";

const AREA_WORDS = CPU_AREA_BYTES / 8;
const BOOKS_WORDS = BOOKS_BYTES / 8;
const MEASURES = 4;
const MALFORMED_AT = TERMS.length * MEASURES;
const EVENTS_AT = MALFORMED_AT + 16;

export interface BookedFrame {
  cpu: number;
  hook: Hook;
  /** Where it ended: every term but "seen". */
  term: (typeof TERMS)[number];
  /** Of malformed frames: what was wrong. */
  malformed?: string;
  /** What happened on the way. */
  events: string[];
  frames: number;
  packets: number;
  bytes: number;
  wireBytes: number;
}

/** The books of all CPUs and hooks at one moment. */
export class BooksMoment {
  readonly #words: BigUint64Array;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#words = new BigUint64Array(memory.buffer, plan.cpus, plan.cpuCount * AREA_WORDS).slice();
  }

  /** What came since. Throws unless it is one frame, in one book, seen once and ended once, alike in all measures. */
  since(before: BooksMoment): BookedFrame {
    const touched: Array<{ cpu: number; hook: Hook; difference: number[] }> = [];
    for (let at = 0; at < this.#words.length; at += AREA_WORDS) {
      HOOKS.forEach((hook, i) => {
        const start = at + i * BOOKS_WORDS;
        const difference = Array.from(
          { length: BOOKS_WORDS },
          (_, word) => Number(this.#words[start + word]! - before.#words[start + word]!),
        );
        if (difference.some(Boolean)) touched.push({ cpu: at / AREA_WORDS, hook, difference });
      });
    }
    assert.equal(touched.length, 1, "one frame is written into one book");
    const { cpu, hook, difference } = touched[0]!;
    return { cpu, hook, ...interpret(difference) };
  }
}

function interpret(difference: number[]): Omit<BookedFrame, "cpu" | "hook"> {
  const measures = (term: number) => difference.slice(term * MEASURES, (term + 1) * MEASURES);
  const names = (all: readonly string[], at: number) =>
    all.flatMap((name, i) => Array<string>(difference[at + i]!).fill(name));
  const [frames, packets, bytes, wireBytes] = measures(0) as [number, number, number, number];
  const ends = TERMS.filter((_, term) => term > 0 && measures(term).some(Boolean));
  const malformed = names(MALFORMED, MALFORMED_AT);
  assert.equal(frames, 1, "one frame is seen");
  assert.equal(ends.length, 1, `a frame ends in one term: ${ends}`);
  const term = ends[0]!;
  assert.deepEqual(measures(TERMS.indexOf(term)), measures(0), `${term} holds what was seen`);
  assert.equal(malformed.length, term === "malformed" ? 1 : 0, "a malformed frame has one reason, others have none");
  return {
    term,
    ...(malformed[0] === undefined ? {} : { malformed: malformed[0] }),
    events: names(EVENTS, EVENTS_AT),
    frames,
    packets,
    bytes,
    wireBytes,
  };
}

/** The one place where WebAssembly is instantiated, and the table's exports with their types. */
import { assert } from "../errors.ts";

/** wasm/index.ts. Numbers come back signed: `>>> 0` here at the seam where they can be large. */
export interface TableExports {
  configure(): void;
  beginRound(): void;
  /** Counts at most `most` evicted slots; how many there were. */
  drain(most: number): number;
  /** Counts what is new in marked slots, or in `all`; in how many of them. */
  scan(all: number): number;
  /** 0: more to do, 1: cycle complete, 2: the out ring is full. */
  sweep(entriesMost: number, recordsMost: number): number;
  /** As sweep(), ending every flow. */
  flush(reason: number, recordsMost: number): number;
  /** The next sweep or flush begins at the first entry. */
  rewind(): void;
  /** Fills the terms of the books that are found by looking. */
  audit(): void;
  /** Writes records of live flows; how many. */
  snapshot(from: number, most: number): number;
  snapshotNext(): number;
}

export interface TableHost {
  /** Whether segment `number` of the pool may be written. */
  segmentReady(number: number): boolean;
}

/** Instantiates the table over a memory that the plan laid out. */
export function instantiateTable(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  host: TableHost,
): TableExports {
  const instance = new WebAssembly.Instance(module, {
    env: {
      memory,
      // debug builds only
      abort: (_message: number, _file: number, line: number, column: number) =>
        assert(false, `assertion in the table at ${line}:${column}`),
    },
    host: { segmentReady: (number: number) => host.segmentReady(number) ? 1 : 0 },
  });
  return instance.exports as unknown as TableExports;
}

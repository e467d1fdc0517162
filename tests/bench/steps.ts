/**
 * The longest step of growth and of the sweep, in CPU time of the thread. An interrupt in the middle of a step is
 * charged to it, so every step is taken in several tables, each at the same place: only what is long in all of them is
 * long.
 */
import { SWEEP_ENTRIES, SWEEP_RECORDS } from "../../src/limits.ts";
import { SWEEP_DONE } from "../../src/count/table.ts";
import type { BenchOptions, Figure } from "./figure.ts";
import { cpuNs, openTableBed, SECOND_NS, type TableBed } from "./table_bed.ts";

const STEP_MS_MOST = 1;
const TABLES = 3;
/** Longer than any timeout of the defaults. */
const LATER_NS = 120n * SECOND_NS;
const FLOWS = 1_000_000;

/** One new flow a step: an entry, its place in the index, perhaps a bucket split, a page of memory. */
function growthSteps({ feed, table }: TableBed, flows: number): Float64Array {
  const steps = new Float64Array(flows);
  for (let first = 0; first < flows;) {
    const count = Math.min(feed.capacity, flows - first);
    feed.putEach(first, count, 0, SECOND_NS);
    for (let i = 0; i < count; i++) steps[first + i] = cpuNs(() => table.drain(1));
    first += count;
  }
  return steps;
}

/** A cycle of the sweep, as the collector takes it; records are taken out between the steps. */
function sweepSteps({ table, out }: TableBed): Float64Array {
  const steps: number[] = [];
  for (let state = 0; state !== SWEEP_DONE;) {
    steps.push(cpuNs(() => state = table.sweep(SWEEP_ENTRIES, SWEEP_RECORDS)));
    out.take(SWEEP_RECORDS, () => {});
  }
  return new Float64Array(steps);
}

/** The longest of the steps, each as long as it was in the table where it was shortest, ms. */
function longestMs(tables: readonly Float64Array[]): number {
  let longest = 0;
  tables[0]!.forEach((_, place) => {
    longest = Math.max(longest, Math.min(...tables.map((steps) => steps[place] ?? Infinity)));
  });
  return longest / 1e6;
}

export async function stepsBench({ smoke, say }: BenchOptions): Promise<Figure[]> {
  const flows = smoke ? 5_000 : FLOWS;
  const growth: Float64Array[] = [];
  const looking: Float64Array[] = [];
  const ending: Float64Array[] = [];
  for (let i = 0; i < TABLES; i++) {
    say(`table ${i + 1} of ${TABLES} grows to ${flows} flows and is swept`);
    const bed = await openTableBed(flows);
    growth.push(growthSteps(bed, flows));
    looking.push(sweepSteps(bed));
    bed.at(LATER_NS);
    ending.push(sweepSteps(bed));
    if (bed.books.stats().flows !== 0) throw new Error("The sweep left flows that are over");
  }
  const figure = (name: string, tables: Float64Array[], note: string): Figure => ({
    name: `steps, ${name}`,
    value: longestMs(tables),
    unit: "ms",
    most: STEP_MS_MOST,
    note,
  });
  return [
    figure("longest of growth", growth, `a new flow, up to ${flows.toLocaleString("en")}`),
    figure("longest of the sweep, nothing due", looking, `${SWEEP_ENTRIES} flows looked at`),
    figure("longest of the sweep, all due", ending, `${SWEEP_RECORDS} records handed out`),
  ];
}

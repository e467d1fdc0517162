/** A table over a plain memory, with a ring that is fed by hand. */
import { clockNs } from "../../src/libc.ts";
import { createMemory, planMemory } from "../../src/memory_plan.ts";
import { openTableLab, type TableLab } from "../support/flow_lab.ts";
import { RingFeed, ROUTER_DEVICES } from "./ring_feed.ts";

const PAGE_BYTES = 4_096;
const SEED = 20_261_121;
export const SECOND_NS = 1_000_000_000n;

export interface TableBed extends TableLab {
  memory: WebAssembly.Memory;
  feed: RingFeed;
}

/** The clock stands at one second. */
export async function openTableBed(flowsMax: number): Promise<TableBed> {
  const plan = planMemory({ cpuCount: 2, pageBytes: PAGE_BYTES, flowsMax: Math.max(1_024, flowsMax) });
  const memory = createMemory(plan);
  const lab = await openTableLab(memory, plan);
  lab.useDevices(ROUTER_DEVICES);
  lab.at(SECOND_NS);
  return { ...lab, memory, feed: new RingFeed(memory, plan, SEED) };
}

const CLOCK_THREAD_CPUTIME_ID = 3;

/** CPU time of this thread that some work takes, ns: what else runs on the machine does not count. */
export function cpuNs(work: () => void): number {
  const before = clockNs(CLOCK_THREAD_CPUTIME_ID);
  work();
  return Number(clockNs(CLOCK_THREAD_CPUTIME_ID) - before);
}

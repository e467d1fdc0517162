/**
 * Filters that a killed run left on clsact hooks. tcx links end with their process; filters stay, and go on counting
 * into maps that nobody reads. A live agent's are told by their heartbeat, and left alone.
 */
import { type Hook, HOOKS } from "../flow.ts";
import { CPU_AREA_BYTES, HEARTBEAT_AT } from "../memory_plan.ts";
import { isClsactEmpty, unlessGone } from "./attach.ts";
import type { Kernel } from "./kernel.ts";
import { TC_HANDLE, TRACE_HANDLE, TRIAL_HANDLE } from "./libbpf.ts";
import type { Links } from "./links.ts";
import { isOurProgram } from "./program.ts";

export interface Leftover {
  interface: string;
  ifindex: number;
  hook: Hook;
  priority: number;
  handle: number;
  program: string;
}

/** Where time comes from, and how it passes. */
export interface LeftoverClock {
  monotonicNs(): bigint;
  /** Holds up the thread. */
  sleep(ms: number): void;
}

/** Where filters of ours are. A trace or a trial that was killed leaves one that does nothing, and is not to stay. */
const HANDLES = new Set([TC_HANDLE, TRACE_HANDLE, TRIAL_HANDLE]);

interface Candidate extends Leftover {
  programId: number;
  /** Monotonic ns; 0: it did not beat yet. Undefined: the program has no such word, so it is no running agent's. */
  heartbeatNs: bigint | undefined;
}

/** The collector's heart beats once a second; after so long without a beat it is dead. */
const SILENCE_MS = 5_000;
const NS_PER_MS = 1_000_000n;
const LOOK_MS = 200;

/**
 * Takes a dead run's filters off, in the namespace that the thread is in, and returns what was there. Where a heart
 * beat just now, or not yet, it waits for the next beat: a killed run's restart comes at once, and its predecessor's
 * last beat is young.
 */
export function cleanLeftovers(kernel: Kernel, links: Links, clock: LeftoverClock): Leftover[] {
  const dead: Candidate[] = [];
  let undecided = findCandidates(kernel, links);
  for (let waitedMs = 0; undecided.length; waitedMs += LOOK_MS) {
    const nowNs = clock.monotonicNs();
    const silent = ({ heartbeatNs }: Candidate) =>
      heartbeatNs === undefined || waitedMs >= SILENCE_MS ||
      (heartbeatNs > 0n && nowNs - heartbeatNs >= BigInt(SILENCE_MS) * NS_PER_MS);
    dead.push(...undecided.filter(silent));
    undecided = undecided.filter((candidate) => !silent(candidate));
    if (!undecided.length) break;
    clock.sleep(LOOK_MS);
    // whose heart beat meanwhile is alive
    undecided = undecided.filter(({ programId, heartbeatNs }) => heartbeatOf(kernel, programId) === heartbeatNs);
  }
  remove(kernel, links, dead);
  return dead.map(({ programId: _, heartbeatNs: __, ...leftover }) => leftover);
}

function findCandidates(kernel: Kernel, links: Links): Candidate[] {
  return links.list().flatMap(({ ifindex, name }) =>
    HOOKS.flatMap((hook) =>
      links.filters(ifindex, hook).flatMap(({ handle, priority, programId }) => {
        const program = programId ? kernel.programById(programId)?.name ?? "" : "";
        if (!HANDLES.has(handle) || !isOurProgram(program)) return [];
        const heartbeatNs = heartbeatOf(kernel, programId);
        return [{ interface: name, ifindex, hook, priority, handle, program, programId, heartbeatNs }];
      })
    )
  );
}

function heartbeatOf(kernel: Kernel, programId: number): bigint | undefined {
  return kernel.programMapValue(programId, "cpus", 0, CPU_AREA_BYTES)?.getBigUint64(HEARTBEAT_AT, true);
}

function remove(kernel: Kernel, links: Links, leftovers: Leftover[]): void {
  for (const { ifindex, hook, priority, handle } of leftovers) {
    unlessGone(() => kernel.detachTc(ifindex, hook, { priority, handle }));
  }
  for (const ifindex of new Set(leftovers.map((leftover) => leftover.ifindex))) {
    unlessGone(() => {
      if (isClsactEmpty(links, ifindex)) kernel.destroyClsact(ifindex);
    });
  }
}

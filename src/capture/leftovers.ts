/**
 * Filters that a killed run left on clsact hooks. tcx links end with their process; filters stay, and go on counting into
 * maps that nobody reads. A live agent's are told by their heartbeat, and left alone.
 */
import { type Hook, HOOKS } from "../flow.ts";
import { CPU_AREA_BYTES, HEARTBEAT_AT } from "../memory_plan.ts";
import type { Kernel } from "./kernel.ts";
import { TC_HANDLE } from "./libbpf.ts";
import type { Links } from "./links.ts";
import { isOurProgram } from "./program.ts";

export interface Leftover {
  interface: string;
  ifindex: number;
  hook: Hook;
  priority: number;
  program: string;
}

/** The collector's heart beats once a second. */
const HEARTBEAT_LATEST_NS = 10_000_000_000n;

/** Takes a dead run's filters off, in the namespace that the thread is in. Returns what was there. */
export function cleanLeftovers(kernel: Kernel, links: Links, monotonicNs: bigint): Leftover[] {
  const found = links.list().flatMap(({ ifindex, name }) =>
    HOOKS.flatMap((hook) =>
      links.filters(ifindex, hook).flatMap(({ handle, priority, programId }) => {
        const program = programId ? kernel.programById(programId)?.name ?? "" : "";
        if (handle !== TC_HANDLE || !isOurProgram(program)) return [];
        if (isAlive(kernel, programId, monotonicNs)) return [];
        return [{ interface: name, ifindex, hook, priority, program }];
      })
    )
  );
  for (const { ifindex, hook, priority } of found) kernel.detachTc(ifindex, hook, priority);
  for (const ifindex of new Set(found.map((leftover) => leftover.ifindex))) {
    const others = HOOKS.flatMap((hook) => links.filters(ifindex, hook));
    if (others.length === 0) kernel.destroyClsact(ifindex);
  }
  return found;
}

function isAlive(kernel: Kernel, programId: number, monotonicNs: bigint): boolean {
  const area = kernel.programMapValue(programId, "cpus", 0, CPU_AREA_BYTES);
  if (!area) return false;
  return monotonicNs - area.getBigUint64(HEARTBEAT_AT, true) < HEARTBEAT_LATEST_NS;
}

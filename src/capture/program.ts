/** The kernel program: loaded, and its pages mapped over the shared memory. */
import { type Hook, HOOKS, type Link } from "../flow.ts";
import { addressOf, mapFixed, PROT_READ, PROT_WRITE } from "../libc.ts";
import type { MemoryPlan } from "../memory_plan.ts";
import { CPU_AREA_BYTES, SLOT_WAYS } from "../memory_plan.ts";
import { SLOT_BYTES } from "../limits.ts";
import type { Kernel, LoadedObject } from "./kernel.ts";
import { encodeKnobs, type KnobOptions } from "./knobs.ts";

/** Programs by link and hook; with fetching atomics where the CPU orders stores weakly (bpf/slots.bpf.h). */
const NAMES: Record<"plain" | "fetch", Record<Link, Record<Hook, string>>> = {
  plain: {
    ethernet: { ingress: "weir_ingress", egress: "weir_egress" },
    ip: { ingress: "weir_ingress_ip", egress: "weir_egress_ip" },
  },
  fetch: {
    ethernet: { ingress: "weirf_ingress", egress: "weirf_egress" },
    ip: { ingress: "weirf_ingress_ip", egress: "weirf_egress_ip" },
  },
};

export const REPLAY_PROGRAM = "weir_replay";

/** How programs of ours, of any version, are told from others on a hook. */
export function isOurProgram(name: string): boolean {
  return name.startsWith("weir_") || name.startsWith("weirf_");
}

export interface ProgramOptions extends KnobOptions {
  /** The compiled object. */
  image: Uint8Array<ArrayBuffer>;
  /** "live": the tc programs. "replay": the one that test_run feeds. */
  purpose: "live" | "replay";
}

/** The loaded program. close() unloads what nothing holds any more. */
export interface FlowProgram {
  fd(link: Link, hook: Hook): number;
  replayFd(): number;
  ringFd(): number;
  straysFd(): number;
  close(): void;
}

/** Loads the object and maps nothing. Throws KernelError. */
export function loadObject(kernel: Kernel, plan: MemoryPlan, options: ProgramOptions): LoadedObject {
  const live = HOOKS.flatMap((hook) => [programName("ethernet", hook), programName("ip", hook)]);
  return kernel.load(options.image, {
    programs: options.purpose === "replay" ? [REPLAY_PROGRAM] : live,
    mapEntries: { slots: plan.setsPerCpu * plan.cpuCount, ring: plan.ringBytes, cpus: plan.cpuCount },
    knobs: encodeKnobs(plan, options),
  });
}

/** The live program of a hook, on this machine. */
export function programName(link: Link, hook: Hook): string {
  return NAMES[Deno.build.arch === "x86_64" ? "plain" : "fetch"][link][hook];
}

/** Loads the object and maps ring, slots and CPU areas into `memory`. Throws KernelError. */
export function loadProgram(
  kernel: Kernel,
  plan: MemoryPlan,
  memory: WebAssembly.Memory,
  options: ProgramOptions,
): FlowProgram {
  const object = loadObject(kernel, plan, options);
  try {
    mapKernelPages(object, plan, memory);
  } catch (error) {
    object.close();
    throw error;
  }
  return {
    fd: (link, hook) => object.programFd(programName(link, hook)),
    replayFd: () => object.programFd(REPLAY_PROGRAM),
    ringFd: () => object.mapFd("ring"),
    straysFd: () => object.mapFd("strays"),
    close: () => object.close(),
  };
}

/** Slots are mapped read only: user space cannot write one even by mistake. */
function mapKernelPages(object: LoadedObject, plan: MemoryPlan, memory: WebAssembly.Memory): void {
  const base = addressOf(memory.buffer);
  const whole = (bytes: number) => Math.ceil(bytes / plan.pageBytes) * plan.pageBytes;
  const at = (offset: number) => base + BigInt(offset);

  const slotBytes = whole(plan.setsPerCpu * plan.cpuCount * SLOT_WAYS * SLOT_BYTES);
  mapFixed(at(plan.slots), slotBytes, PROT_READ, object.mapFd("slots"), 0);
  mapFixed(at(plan.cpus), whole(plan.cpuCount * CPU_AREA_BYTES), PROT_READ | PROT_WRITE, object.mapFd("cpus"), 0);
  // consumer position, then read only: producer position and the data, twice in a row
  const ring = object.mapFd("ring");
  mapFixed(at(plan.ring), plan.pageBytes, PROT_READ | PROT_WRITE, ring, 0);
  mapFixed(at(plan.ring + plan.pageBytes), plan.pageBytes + 2 * plan.ringBytes, PROT_READ, ring, plan.pageBytes);
}

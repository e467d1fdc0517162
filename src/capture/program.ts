/** The kernel program: loaded, and its pages mapped over the shared memory. */
import { type Hook, HOOKS, type Link } from "../flow.ts";
import { addressOf, mapFixed, PROT_READ, PROT_WRITE } from "../libc.ts";
import type { MemoryPlan } from "../memory_plan.ts";
import { CPU_AREA_BYTES, SLOT_WAYS } from "../memory_plan.ts";
import { DEVICES_MAX, SLOT_BYTES } from "../limits.ts";
import { NODE_ENTRIES } from "./address_tree.ts";
import type { Kernel, LoadedObject, LoadOptions } from "./kernel.ts";
import type { KernelFilter } from "./kernel_filter.ts";
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
  /** A program whose maps this one takes over: its flows, its ring and its books go on. */
  predecessor?: FlowProgram | undefined;
}

/** The loaded program. close() unloads what nothing holds any more: its maps stay with a successor. */
export interface FlowProgram {
  fd(link: Link, hook: Hook): number;
  replayFd(): number;
  mapFd(name: string): number;
  ringFd(): number;
  straysFd(): number;
  /** Keeps a device's packets from being counted, or no more. Of a program whose filter goes by devices. */
  filterDevice(ifindex: number): void;
  unfilterDevice(ifindex: number): void;
  close(): void;
}

const ONE = new Uint8Array(new Uint32Array([1]).buffer);
/** What the filter's own maps are called. */
const FILTER_NODES = "filter_nodes";
const FILTER_DEVICES = "filter_devices";
const FILTER_PORTS = ".rodata.ports";
/** Maps that a successor goes on with. */
const KEPT_MAPS = ["slots", "ring", "cpus", "strays"] as const;

/** Loads the object and maps nothing. Throws KernelError. */
export function loadObject(kernel: Kernel, plan: MemoryPlan, options: ProgramOptions): LoadedObject {
  const live = HOOKS.flatMap((hook) => [programName("ethernet", hook), programName("ip", hook)]);
  const { predecessor } = options;
  const { constants, mapEntries } = filterLoad(options.filter);
  return kernel.load(options.image, {
    programs: options.purpose === "replay" ? [REPLAY_PROGRAM] : live,
    mapEntries: predecessor ? mapEntries : { ...ownEntries(plan), ...mapEntries },
    knobs: encodeKnobs(plan, options),
    constants,
    ...(predecessor ? { maps: Object.fromEntries(KEPT_MAPS.map((name) => [name, predecessor.mapFd(name)])) } : {}),
  });
}

function ownEntries(plan: MemoryPlan): Record<string, number> {
  return { slots: plan.setsPerCpu * plan.cpuCount, ring: plan.ringBytes, cpus: plan.cpuCount };
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
    if (!options.predecessor) mapKernelPages(object, plan, memory);
    writeFilter(kernel, object, options.filter);
  } catch (error) {
    object.close();
    throw error;
  }
  return {
    fd: (link, hook) => object.programFd(programName(link, hook)),
    replayFd: () => object.programFd(REPLAY_PROGRAM),
    mapFd: (name) => object.mapFd(name),
    ringFd: () => object.mapFd("ring"),
    straysFd: () => object.mapFd("strays"),
    filterDevice: (ifindex) => kernel.writeMap(object.mapFd(FILTER_DEVICES), ifindex, ONE),
    unfilterDevice: (ifindex) => kernel.deleteFromMap(object.mapFd(FILTER_DEVICES), ifindex),
    close: () => object.close(),
  };
}

/** What a filter adds to the load: its ports, and how large its maps are. Those of no filter take next to nothing. */
export function filterLoad(filter: KernelFilter | undefined): Required<Pick<LoadOptions, "constants" | "mapEntries">> {
  const nodes = (filter?.addresses?.length ?? 0) / NODE_ENTRIES;
  return {
    constants: filter?.ports ? { [FILTER_PORTS]: filter.ports } : {},
    mapEntries: {
      ...(nodes ? { [FILTER_NODES]: nodes } : {}),
      ...(filter?.devicePasses ? { [FILTER_DEVICES]: DEVICES_MAX } : {}),
    },
  };
}

/** Writes what a filter says of addresses, before a program of the object runs. */
export function writeFilter(kernel: Kernel, object: LoadedObject, filter: KernelFilter | undefined): void {
  const entries = filter?.addresses;
  if (!entries) return;
  for (let first = 0; first < entries.length; first += NODE_ENTRIES) {
    const node = new Uint8Array(entries.slice(first, first + NODE_ENTRIES).buffer);
    kernel.writeMap(object.mapFd(FILTER_NODES), first / NODE_ENTRIES, node);
  }
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

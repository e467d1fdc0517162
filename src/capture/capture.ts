/**
 * The whole of stage 2 in one object: the loaded program, the devices it is on, and what there is to tell about them.
 */
import { KernelError } from "../errors.ts";
import type { Hook, InterfaceTaken, TcxOrder } from "../flow.ts";
import { closeFd, duplicateFd, EBUSY, waitForGracePeriod } from "../libc.ts";
import { log } from "../log.ts";
import { DEVICE_TABLE_BYTES, type MemoryPlan } from "../memory_plan.ts";
import type { Sampling } from "../sampling.ts";
import { Attacher, type AttachMode, type ChainedProgram } from "./attach.ts";
import { auditDevice, type AuditLine } from "./audit.ts";
import { type DeviceCounters, linkOf } from "./device.ts";
import { type TableDevice, writeDeviceTable } from "./device_table.ts";
import { FilteredDevices } from "./filtered_devices.ts";
import type { InterfaceChoice } from "./interfaces.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelFilter } from "./kernel_filter.ts";
import { TUNNEL_PORTS } from "./knobs.ts";
import { type LinkChange, type Links, openLinks } from "./links.ts";
import type { NetworkNamespace } from "./namespace.ts";
import { type FlowProgram, loadProgram } from "./program.ts";
import { readAllStrays, type Stray } from "./strays.ts";
import type { PacketTrace } from "./trace/packet_trace.ts";
import type { TraceBounds, TraceFilter } from "./trace/trace_layout.ts";
import { type WatchedDevice, Watcher } from "./watcher.ts";

export interface CaptureOptions {
  kernel: Kernel;
  /** The compiled kernel program. */
  image: Uint8Array<ArrayBuffer>;
  plan: MemoryPlan;
  memory: WebAssembly.Memory;
  namespace: NetworkNamespace;
  interfaces: InterfaceChoice;
  mode: AttachMode;
  order: TcxOrder;
  priority: number;
  /** The shortest idle timeout: after such a silence a flow's slot begins anew. */
  idleGapMs: number;
  /** What the program keeps from being counted, at first. Default: nothing. */
  filter?: KernelFilter | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
  /** Monotonic ms. */
  nowMs(): number;
  /** Another device table lies at this address of the memory. */
  publishDevices(address: number): void;
  /** Which table is in force: the other one may be rewritten. */
  devicesInForce(): number;
}

export interface TraceOptions {
  /** The compiled trace. */
  image: Uint8Array<ArrayBuffer>;
  /** Of the watched devices. */
  isChosen: InterfaceChoice;
  filter: TraceFilter;
  bounds: TraceBounds;
}

const TICK_LEAST_MS = 50;
const TABLE_BUSY_WAIT_MS = 20;
const FOLLOW_AGAIN_MS = 500;

export class Capture {
  readonly #options: CaptureOptions;
  #program: FlowProgram;
  /** The ring, which all programs have in common: valid until close(). */
  readonly ringFd: number;
  #filteredDevices: FilteredDevices | undefined;
  #hasFilter: boolean;
  readonly #links: Links;
  readonly #watcher: Watcher;
  readonly #names = new Map<number, { name: string; ifindex: number }>();
  #published = "";
  #table = 0;
  #pending: TableDevice[] | undefined;
  #pendingTimer: ReturnType<typeof setTimeout> | undefined;
  #tickTimer: ReturnType<typeof setTimeout> | undefined;
  #following: Promise<void> | undefined;
  #trace: PacketTrace | undefined;
  #closed = false;

  /** Loads the program. Nothing is attached yet. Throws KernelError. */
  constructor(options: CaptureOptions) {
    this.#options = options;
    const { kernel, namespace, filter } = options;
    this.#program = this.#load(filter);
    this.ringFd = duplicateFd(this.#program.ringFd());
    this.#hasFilter = filter !== undefined;
    this.#filteredDevices = this.#filteredBy(filter);
    this.#links = openLinks(namespace);
    const attacher = new Attacher(kernel, this.#links, (link, hook) => this.#program.fd(link, hook), options);
    this.#watcher = new Watcher(attacher, this.#links, options.interfaces, {
      changed: (devices) => this.#publish(devices),
      attached: (watched) => reportAttached(watched, options.mode),
      detached: ({ device }, why) => log.info("Detached from {name}: {why}", { name: device.name, why }),
      failed: ({ device, problem }) => log.warn("Not attached to {name}: {problem}", { name: device.name, problem }),
    });
  }

  #load(filter: KernelFilter | undefined, predecessor?: FlowProgram): FlowProgram {
    const { kernel, plan, memory, image, idleGapMs, sampling } = this.#options;
    const options = { image, purpose: "live", idleGapMs, ...TUNNEL_PORTS, filter, sampling, predecessor } as const;
    return loadProgram(kernel, plan, memory, options);
  }

  #filteredBy(filter: KernelFilter | undefined): FilteredDevices | undefined {
    if (!filter?.devicePasses) return undefined;
    return new FilteredDevices(this.#program, filter.devicePasses);
  }

  /**
   * Another filter from now on. A program that knows it, with the maps of the one before, takes that one's place on
   * every hook: each packet meets one or the other, whole. Throws KernelError, and then nothing has changed.
   */
  useFilter(filter: KernelFilter | undefined): void {
    if (!filter && !this.#hasFilter) return;
    const before = this.#program;
    this.#program = this.#load(filter, before);
    this.#hasFilter = filter !== undefined;
    this.#filteredDevices = this.#filteredBy(filter);
    for (const { device, goneAtMs } of this.devices()) if (goneAtMs === undefined) this.#filteredDevices?.see(device);
    this.#options.namespace.within(() => this.#watcher.replaceAll(this.#options.nowMs()));
    before.close();
  }

  /** Attaches to every wanted device there is. */
  start(): void {
    this.#apply({ type: "all", devices: this.#options.namespace.within(() => this.#links.list()) });
  }

  /** Follows the devices from here on, until stop(). */
  follow(): void {
    this.#following = this.#followChanges();
  }

  /** Netlink may refuse for a while, on a host whose devices change without end: then everything is asked for again. */
  async #followChanges(): Promise<void> {
    while (!this.#closed) {
      try {
        for await (const change of this.#links.changes()) this.#apply(change);
        return;
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        log.error("{error}; trying again", { error });
        await new Promise((resolve) => setTimeout(resolve, FOLLOW_AGAIN_MS));
      }
    }
  }

  /** Watches other devices from now on, those that are there included. */
  useInterfaces(wanted: InterfaceChoice): void {
    this.#watcher.want(wanted);
    this.start();
  }

  #apply(change: LinkChange): void {
    this.#filteredDevices?.apply(change);
    this.#options.namespace.within(() => this.#watcher.apply(change, this.#options.nowMs()));
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    clearTimeout(this.#tickTimer);
    const next = this.#watcher.nextTickMs();
    if (next === undefined) return;
    const waitMs = Math.max(TICK_LEAST_MS, next - this.#options.nowMs());
    this.#tickTimer = setTimeout(() => {
      this.#options.namespace.within(() => this.#watcher.tick(this.#options.nowMs()));
      this.#scheduleTick();
    }, waitMs);
    Deno.unrefTimer(this.#tickTimer);
  }

  /** Writes the device table that is not in force, if anything that it says changed, and asks for it to be. */
  #publish(all: TableDevice[]): void {
    for (const { interfaceId, name, ifindex } of all) this.#names.set(interfaceId, { name, ifindex });
    // what a filtered device sees is counted where weir sees it next, as if it were not attached there
    const devices = all.map((device) =>
      device.attached && this.#filteredDevices?.has(device.ifindex) ? { ...device, attached: false } : device
    );
    const said = JSON.stringify(devices.map(({ counters: _, name: __, up: ___, ...facts }) => facts));
    if (said === this.#published && !this.#pending) return;
    const { plan, memory } = this.#options;
    const inForce = this.#options.devicesInForce();
    const next = plan.devices[this.#table ^ 1]!;
    if (inForce === next) {
      // The collector has not taken the last table over yet: wait for it.
      this.#pending = all;
      clearTimeout(this.#pendingTimer);
      this.#pendingTimer = setTimeout(() => this.#publish(this.#pending ?? all), TABLE_BUSY_WAIT_MS);
      return;
    }
    this.#pending = undefined;
    this.#published = said;
    this.#table ^= 1;
    writeDeviceTable(new Uint8Array(memory.buffer, next, DEVICE_TABLE_BYTES), devices);
    this.#options.publishDevices(next);
  }

  /** Every device known. */
  devices(): WatchedDevice[] {
    return this.#watcher.devices();
  }

  /** All programs on each device's hooks, in the order that packets meet them, by ifindex. */
  chains(): Map<number, Record<Hook, ChainedProgram[]>> {
    return this.#options.namespace.within(() =>
      new Map(this.devices().map((watched) => [watched.device.ifindex, this.#watcher.chains(watched)]))
    );
  }

  /** Begins a packet trace; one goes on at a time. Throws KernelError. */
  async openTrace({ isChosen, ...options }: TraceOptions): Promise<PacketTrace> {
    const { PacketTrace } = await import("./trace/packet_trace.ts");
    if (this.#trace && !this.#trace.isClosed) {
      throw new KernelError("Cannot trace packets: another trace goes on; wait for its end, or turn it off", {
        errno: EBUSY,
      });
    }
    const { kernel, namespace, priority } = this.#options;
    const points = this.devices().flatMap(({ device, attachment }) => {
      const link = attachment && isChosen(device.name) && linkOf(device);
      if (!link) return [];
      const programFd = (hook: Hook) => this.#program.fd(link, hook);
      return [{ ifindex: device.ifindex, link, mode: attachment.mode, priority, programFd }];
    });
    return this.#trace = new PacketTrace({ ...options, kernel, namespace, points });
  }

  /** Ends the trace that goes on. Returns whether one did. */
  closeTrace(): boolean {
    const goesOn = this.#trace?.isClosed === false;
    this.#trace?.close();
    return goesOn;
  }

  /** Addresses of the namespace's devices, as text. */
  addresses(): string[] {
    return this.#options.namespace.within(() => Deno.networkInterfaces().map(({ address }) => address));
  }

  /** The interface behind an id in a record. */
  interfaceOf(id: number): { name: string; ifindex: number } | undefined {
    return this.#names.get(id);
  }

  strays(): Stray[] {
    const { kernel, memory, plan } = this.#options;
    return readAllStrays(kernel, this.#program.straysFd(), memory, plan);
  }

  /** Compares what the ingress hooks saw with the devices' counters. count: brings weir's own numbers up to date. */
  async audit(taken: (interfaceId: number) => InterfaceTaken, count: () => Promise<void>): Promise<AuditLine[]> {
    const before = this.#counters();
    await count();
    const strays = this.strays();
    const after = this.#counters();
    this.#options.namespace.within(() => this.#watcher.lookAround());
    return this.devices().flatMap((watched) => {
      const { ifindex } = watched.device;
      const first = watched.detachedAt?.before ?? before.get(ifindex);
      const last = watched.detachedAt?.after ?? after.get(ifindex);
      if (!first || !last) return [];
      const line = auditDevice(watched, taken(watched.interfaceId), strayTotal(strays, ifindex, "ingress"), {
        before: first,
        after: last,
      });
      return line ?? [];
    });
  }

  #counters(): Map<number, DeviceCounters> {
    const devices = this.#options.namespace.within(() => this.#links.list());
    return new Map(devices.map(({ ifindex, counters }) => [ifindex, counters]));
  }

  /** Takes the programs off every hook and waits until none runs any more. Maps stay, for the collector to finish. */
  detach(): void {
    clearTimeout(this.#tickTimer);
    clearTimeout(this.#pendingTimer);
    this.closeTrace();
    this.#options.namespace.within(() => this.#watcher.releaseAll());
    waitForGracePeriod();
  }

  /** Unloads the program and stops following devices. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#links.close();
    await this.#following;
    this.#program.close();
    closeFd(this.ringFd);
    this.#options.namespace.close();
  }
}

function strayTotal(strays: Stray[], ifindex: number, hook: Hook): { frames: bigint; bytes: bigint } {
  const total = { frames: 0n, bytes: 0n };
  for (const stray of strays) {
    if (stray.ifindex !== ifindex || stray.hook !== hook) continue;
    total.frames += stray.frames;
    total.bytes += stray.bytes;
  }
  return total;
}

function reportAttached({ device, others }: WatchedDevice, mode: AttachMode): void {
  log.info("Attached to {name} by {mode}", { name: device.name, ifindex: device.ifindex, mode });
  for (const { hook, name, id, inFront } of others) {
    log.info("Program {program} (id {id}) is on {hook} of {name}, too, {place}", {
      program: name,
      id,
      hook,
      name: device.name,
      place: inFront ? "in front of weir" : "behind weir",
    });
  }
}

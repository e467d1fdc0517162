/**
 * A pretended machine for unit tests: its devices, hooks and programs, and the Kernel and Links that weir would meet
 * there. It refuses what the real ones refuse, with the same errno, and can be told to refuse more.
 */
import type { Device, DeviceCounters } from "../../src/capture/device.ts";
import type {
  AttachedProgram,
  Kernel,
  KernelFeatures,
  LoadedObject,
  TcxPlace,
  TestRunResult,
} from "../../src/capture/kernel.ts";
import { TC_HANDLE } from "../../src/capture/libbpf.ts";
import type { LinkChange, Links } from "../../src/capture/links.ts";
import type { TcFilter } from "../../src/capture/netlink_filter.ts";
import { KernelError } from "../../src/errors.ts";
import type { Hook, TcxOrder } from "../../src/flow.ts";
import { HEARTBEAT_AT } from "../../src/memory_plan.ts";
import { EEXIST, EINVAL, ENODEV, ENOENT } from "../../src/libc.ts";

type Call =
  | "linkTcx"
  | "unlinkTcx"
  | "relinkTcx"
  | "queryTcx"
  | "createClsact"
  | "destroyClsact"
  | "attachTc"
  | "detachTc"
  | "replaceTc"
  | "read"
  | "list";

interface Refusal {
  call: Call;
  /** Undefined: on any device. */
  ifindex: number | undefined;
  hook: Hook | undefined;
  errno: number;
  times: number;
}

/** A device with its hooks' chains. */
interface Place {
  device: Device;
  tcx: Record<Hook, AttachedProgram[]>;
  /** Undefined: no clsact qdisc. */
  clsact: Record<Hook, TcFilter[]> | undefined;
}

const ZERO: DeviceCounters = { rxPackets: 0n, rxBytes: 0n, rxDropped: 0n, txPackets: 0n, txBytes: 0n };
/** Descriptors that no real file has. */
const FIRST_FD = 1_000_000;
const ENOLINK = 67;

export class FakeMachine {
  readonly kernel: Kernel;
  readonly links: Links;
  features: KernelFeatures = { tcx: true, possibleCpus: 2 };
  /** Every call that changes something, in order: "linkTcx eth0 ingress". */
  readonly calls: string[] = [];
  /** Heartbeats by program id: the word in the map of the agent that loaded it. */
  readonly heartbeatsNs = new Map<number, bigint>();
  readonly #places = new Map<number, Place>();
  readonly #programs = new Map<number, AttachedProgram>();
  readonly #tcxLinks = new Map<number, { ifindex: number; hook: Hook; program: AttachedProgram }>();
  #refusals: Refusal[] = [];
  #nextIfindex = 1;
  #nextId = 1;
  #nextFd = FIRST_FD;
  #queue: LinkChange[] = [];
  #wake = Promise.withResolvers<void>();
  #closed = false;

  constructor() {
    this.kernel = this.#makeKernel();
    this.links = this.#makeLinks();
  }

  /** A loaded program's descriptor: its id, as far as the fake is concerned. */
  program(name: string): number {
    const id = this.#nextId++;
    this.#programs.set(id, { id, name, tag: id.toString(16).padStart(16, "0") });
    return id;
  }

  /** Adds a device, by default an Ethernet one that is up, and tells of it. */
  add(facts: Partial<Device> & { name: string }): Device {
    const device: Device = {
      ifindex: this.#nextIfindex++,
      hardwareType: 1,
      up: true,
      kind: "veth",
      master: 0,
      link: 0,
      linkElsewhere: false,
      vlan: 0,
      xdpProgramId: 0,
      counters: { ...ZERO },
      ...facts,
    };
    const chains = { ingress: [], egress: [] };
    this.#places.set(device.ifindex, { device, tcx: chains, clsact: undefined });
    this.#tell({ type: "new", device });
    return device;
  }

  /** Changes a device; returns the change as netlink tells it. */
  change(ifindex: number, facts: Partial<Device>): LinkChange {
    const place = this.#place(ifindex);
    place.device = { ...place.device, ...facts };
    return this.#tell({ type: "new", device: place.device });
  }

  /** Removes a device, and with it whatever is on its hooks. */
  remove(ifindex: number): LinkChange {
    this.#places.delete(ifindex);
    return this.#tell({ type: "gone", ifindex });
  }

  /** All devices, as after missed changes. */
  all(): LinkChange {
    return { type: "all", devices: [...this.#places.values()].map(({ device }) => device) };
  }

  /** Loses every change not read yet, as ENOBUFS does: the reader gets the whole list instead. */
  overflow(): void {
    this.#queue = [this.all()];
    this.#wake.resolve();
  }

  /** Counts packets that a device received. */
  receive(ifindex: number, frames: bigint, bytes: bigint): void {
    const { counters } = this.#place(ifindex).device;
    this.change(ifindex, {
      counters: { ...counters, rxPackets: counters.rxPackets + frames, rxBytes: counters.rxBytes + bytes },
    });
  }

  /** Makes the next calls of a kind fail. */
  refuse(call: Call, errno: number, where: { ifindex?: number; hook?: Hook; times?: number } = {}): void {
    this.#refusals.push({ call, errno, ifindex: where.ifindex, hook: where.hook, times: where.times ?? 1 });
  }

  /** Puts somebody's program on a tcx hook. */
  putTcx(ifindex: number, hook: Hook, name: string, order: TcxOrder): AttachedProgram {
    const program = this.#programs.get(this.program(name))!;
    const chain = this.#place(ifindex).tcx[hook];
    if (order === "first") chain.unshift(program);
    else chain.push(program);
    return program;
  }

  /** Puts somebody's filter on a clsact hook, making the qdisc where there is none. */
  putFilter(ifindex: number, hook: Hook, filter: Partial<TcFilter>): TcFilter {
    const place = this.#place(ifindex);
    place.clsact ??= { ingress: [], egress: [] };
    const whole = { handle: 1, priority: 1, kind: "bpf", name: "", programId: 0, ...filter };
    place.clsact[hook].unshift(whole); // of one priority, the newest runs first
    place.clsact[hook].sort((a, b) => a.priority - b.priority);
    return whole;
  }

  /** Removes a device's clsact qdisc with all filters, or makes an empty one. */
  setClsact(ifindex: number, exists: boolean): void {
    this.#place(ifindex).clsact = exists ? { ingress: [], egress: [] } : undefined;
  }

  hasClsact(ifindex: number): boolean {
    return this.#place(ifindex).clsact !== undefined;
  }

  /** Names of the programs on a hook, in order: tcx's, then filters'. */
  on(ifindex: number, hook: Hook): string[] {
    const { tcx, clsact } = this.#place(ifindex);
    const filters = clsact?.[hook] ?? [];
    return [
      ...tcx[hook].map(({ name }) => name),
      ...filters.map(({ programId, name, kind }) => this.#programs.get(programId)?.name || name || kind),
    ];
  }

  #place(ifindex: number): Place {
    const place = this.#places.get(ifindex);
    if (!place) throw new Error(`the fake machine has no device ${ifindex}`);
    return place;
  }

  #tell(change: LinkChange): LinkChange {
    this.#queue.push(change);
    this.#wake.resolve();
    return change;
  }

  /** A call on a device's hook, unless it is refused. Throws KernelError. */
  #call(call: Call, ifindex: number, hook?: Hook): Place {
    const name = this.#places.get(ifindex)?.device.name ?? `#${ifindex}`;
    if (!["read", "list", "queryTcx"].includes(call)) this.calls.push([call, name, hook].filter(Boolean).join(" "));
    const refusal = this.#refusals.find((r) =>
      r.call === call && (r.ifindex ?? ifindex) === ifindex && (r.hook ?? hook) === hook
    );
    if (refusal) {
      if (--refusal.times <= 0) this.#refusals = this.#refusals.filter((other) => other !== refusal);
      throw refused(call, refusal.errno);
    }
    const place = this.#places.get(ifindex);
    if (!place && ifindex) throw refused(call, ENODEV);
    return place!;
  }

  #makeKernel(): Kernel {
    return {
      features: () => this.features,
      load: (): LoadedObject => {
        throw new Error("the fake machine loads no programs");
      },
      linkTcx: (programFd, ifindex, hook, place) => this.#linkTcx(programFd, ifindex, hook, place),
      unlinkTcx: (link) => this.#unlinkTcx(link),
      relinkTcx: (link, programFd) => this.#relinkTcx(link, programFd),
      queryTcx: (ifindex, hook) => this.features.tcx ? [...this.#call("queryTcx", ifindex, hook).tcx[hook]] : [],
      createClsact: (ifindex) => {
        const place = this.#call("createClsact", ifindex);
        if (place.clsact) return false;
        place.clsact = { ingress: [], egress: [] };
        return true;
      },
      destroyClsact: (ifindex) => {
        const place = this.#call("destroyClsact", ifindex);
        if (!place.clsact) throw refused("destroyClsact", ENOENT);
        place.clsact = undefined;
      },
      attachTc: (programFd, ifindex, hook, { priority, handle }) => {
        const { clsact } = this.#call("attachTc", ifindex, hook);
        if (!clsact) throw refused("attachTc", EINVAL);
        if (clsact[hook].some((f) => f.priority === priority && f.kind !== "bpf")) throw refused("attachTc", EINVAL);
        const taken = clsact[hook].some((f) => f.priority === priority && f.handle === handle);
        if (taken) throw refused("attachTc", EEXIST);
        this.putFilter(ifindex, hook, { handle, priority, programId: programFd });
      },
      detachTc: (ifindex, hook, { priority, handle }) => {
        const { clsact } = this.#call("detachTc", ifindex, hook);
        if (!clsact) throw refused("detachTc", EINVAL);
        const at = clsact[hook].findIndex((f) => f.priority === priority && f.handle === handle);
        if (at < 0) throw refused("detachTc", ENOENT);
        clsact[hook].splice(at, 1);
      },
      replaceTc: (programFd, ifindex, hook, { priority, handle }) => {
        const { clsact } = this.#call("replaceTc", ifindex, hook);
        const filter = clsact?.[hook].find((f) => f.priority === priority && f.handle === handle);
        if (!filter) throw refused("replaceTc", ENOENT);
        filter.programId = programFd;
      },
      queryTc: (ifindex, hook, priority) => {
        const filter = this.#places.get(ifindex)?.clsact?.[hook]
          .find((f) => f.priority === priority && f.handle === TC_HANDLE);
        return filter && this.#programs.get(filter.programId);
      },
      programs: () => [...this.#programs.values()].map((program) => ({ ...program, type: 3 })),
      maps: () => [],
      programById: (id) => this.#programs.get(id),
      programMapValue: (programId, _map, _key, valueBytes) => {
        const heartbeat = this.heartbeatsNs.get(programId);
        if (heartbeat === undefined) return undefined;
        const view = new DataView(new ArrayBuffer(valueBytes));
        view.setBigUint64(HEARTBEAT_AT, heartbeat, true);
        return view;
      },
      programId: (fd) => fd,
      machineCodeBytes: () => 1_009,
      testRun: (): TestRunResult => {
        throw new Error("the fake machine runs no programs");
      },
      writeMap: () => {},
      deleteFromMap: () => {},
      readMap: () => [],
    };
  }

  #linkTcx(programFd: number, ifindex: number, hook: Hook, order: TcxPlace): number {
    if (!this.features.tcx) throw refused("linkTcx", EINVAL);
    const { tcx } = this.#call("linkTcx", ifindex, hook);
    const program = this.#programs.get(programFd)!;
    if (order === "first") tcx[hook].unshift(program);
    else if (order === "last") tcx[hook].push(program);
    else tcx[hook].splice(tcx[hook].findIndex(({ id }) => id === order.beforeFd), 0, program);
    const link = this.#nextFd++;
    this.#tcxLinks.set(link, { ifindex, hook, program });
    return link;
  }

  #relinkTcx(link: number, programFd: number): void {
    const held = this.#tcxLinks.get(link);
    if (!held) throw new Error(`descriptor ${link} is no link, or is closed already`);
    if (!this.#places.has(held.ifindex)) throw refused("relinkTcx", ENOLINK);
    const { tcx } = this.#call("relinkTcx", held.ifindex, held.hook);
    const program = this.#programs.get(programFd)!;
    tcx[held.hook][tcx[held.hook].indexOf(held.program)] = program;
    held.program = program;
  }

  #unlinkTcx(link: number): void {
    const held = this.#tcxLinks.get(link);
    if (!held) throw new Error(`descriptor ${link} is no link, or is closed already`);
    this.#tcxLinks.delete(link);
    const { ifindex, hook, program } = held;
    const place = this.#places.get(ifindex);
    this.calls.push(`unlinkTcx ${place?.device.name ?? `#${ifindex}`} ${hook}`);
    if (place) place.tcx[hook] = place.tcx[hook].filter((other) => other !== program);
  }

  /** Links that were made and not closed. */
  openLinkCount(): number {
    return this.#tcxLinks.size;
  }

  #makeLinks(): Links {
    const changes = this.#changes.bind(this);
    return {
      list: () => {
        this.#call("list", 0);
        return [...this.#places.values()].map(({ device }) => device);
      },
      read: (ifindex) => {
        if (!this.#places.has(ifindex)) return undefined;
        return this.#call("read", ifindex).device;
      },
      filters: (ifindex, hook) => [...this.#places.get(ifindex)?.clsact?.[hook] ?? []],
      changes: () => changes(),
      close: () => {
        this.#closed = true;
        this.#wake.resolve();
      },
    };
  }

  async *#changes(): AsyncGenerator<LinkChange> {
    this.#queue = [];
    yield this.all();
    while (!this.#closed) {
      const change = this.#queue.shift();
      if (change) {
        yield change;
        continue;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

function refused(call: Call, errno: number): KernelError {
  return new KernelError(`Cannot ${call}: errno ${errno}`, { errno });
}

/**
 * Keeps the programs on the devices that are wanted, while devices come, go and change their names. Decides; the
 * attacher does. Time is an argument.
 */
import { type Hook, HOOKS } from "../flow.ts";
import { KernelError } from "../errors.ts";
import { DEVICE_MEMORY_MS, INTERFACES_MAX } from "../limits.ts";
import type { Attacher, Attachment, ChainedProgram, OtherProgram } from "./attach.ts";
import { type Device, type DeviceCounters, linkOf } from "./device.ts";
import type { TableDevice } from "./device_table.ts";
import type { InterfaceChoice } from "./interfaces.ts";
import type { LinkChange, Links } from "./links.ts";

const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 60_000;

/** A device's counters around the moment of an attach or detach: what weir saw began, or ended, between the two. */
export interface CounterBracket {
  before: DeviceCounters;
  after: DeviceCounters;
}

/** What is known of one device. */
export interface WatchedDevice {
  device: Device;
  interfaceId: number;
  attachment?: Attachment;
  /**
   * Counters when the ingress hook was attached. After a detach and another attach they are moved up by what was
   * counted while weir was there before, so that what the device counted since is all that weir may have seen.
   */
  attachedAt?: CounterBracket;
  /** Counters when it was detached. */
  detachedAt?: CounterBracket;
  others: OtherProgram[];
  /** Hooks from which somebody else took the program off. */
  removed: Hook[];
  /** Why it is not attached though it should be. */
  problem?: string;
  attempts: number;
  retryAtMs: number;
  /** Monotonic ms; set when the device is gone. It keeps its part in the counting rule for a while. */
  goneAtMs?: number;
  /** It was attached at some time. */
  wasAttached: boolean;
}

export interface WatcherEvents {
  /** The devices or what is attached to them changed: the counting rule must know. */
  changed(devices: TableDevice[]): void;
  attached(watched: WatchedDevice): void;
  detached(watched: WatchedDevice, why: string): void;
  failed(watched: WatchedDevice): void;
}

export class Watcher {
  readonly #attacher: Attacher;
  readonly #links: Links;
  #wanted: InterfaceChoice;
  readonly #events: WatcherEvents;
  readonly #devices = new Map<number, WatchedDevice>();
  #nextInterfaceId = 1;

  constructor(attacher: Attacher, links: Links, wanted: InterfaceChoice, events: WatcherEvents) {
    this.#attacher = attacher;
    this.#links = links;
    this.#wanted = wanted;
    this.#events = events;
  }

  /** Every device known, those gone but remembered included. */
  devices(): WatchedDevice[] {
    return [...this.#devices.values()];
  }

  /** Which devices to be on, from the next change on. */
  want(wanted: InterfaceChoice): void {
    this.#wanted = wanted;
  }

  /** Takes a change in. */
  apply(change: LinkChange, nowMs: number): void {
    switch (change.type) {
      case "new":
        this.#see(change.device);
        break;
      case "gone":
        this.#lose(change.ifindex, nowMs);
        break;
      case "all":
        this.#seeAll(change.devices, nowMs);
        break;
    }
    this.#work(nowMs);
  }

  /** Tries again what failed and whose time has come; forgets what is gone long enough. */
  tick(nowMs: number): void {
    for (const [ifindex, { goneAtMs }] of this.#devices) {
      if (goneAtMs !== undefined && nowMs - goneAtMs >= DEVICE_MEMORY_MS) this.#devices.delete(ifindex);
    }
    this.#work(nowMs);
  }

  /** Puts the programs of now in the place of those that are attached; where that cannot be, it attaches anew. */
  replaceAll(nowMs: number): void {
    for (const watched of this.#devices.values()) {
      const { attachment, device } = watched;
      if (!attachment) continue;
      try {
        for (const hook of HOOKS) this.#attacher.replace(attachment, device.ifindex, linkOf(device)!, hook);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        this.#release(watched, error.message);
      }
    }
    this.#work(nowMs);
  }

  /** When tick() has something to do next, monotonic ms; undefined: nothing. */
  nextTickMs(): number | undefined {
    const times = this.devices().flatMap(({ device, problem, retryAtMs, goneAtMs }) => {
      if (goneAtMs !== undefined) return [goneAtMs + DEVICE_MEMORY_MS];
      // a device that is down is not tried: that it comes up is a change
      return problem && device.up && Number.isFinite(retryAtMs) ? [retryAtMs] : [];
    });
    return times.length ? Math.min(...times) : undefined;
  }

  #seeAll(devices: Device[], nowMs: number): void {
    const present = new Set(devices.map(({ ifindex }) => ifindex));
    for (const ifindex of this.#devices.keys()) if (!present.has(ifindex)) this.#lose(ifindex, nowMs);
    for (const device of devices) this.#see(device);
  }

  #see(device: Device): void {
    const known = this.#devices.get(device.ifindex);
    if (known && known.goneAtMs === undefined) {
      const { name, hardwareType } = known.device;
      if (name !== device.name || hardwareType !== device.hardwareType) known.retryAtMs = 0;
      known.device = device;
      if (known.attachment && hardwareType !== device.hardwareType) {
        this.#release(known, `its hardware type is ${device.hardwareType} now`); // perhaps another program fits
      }
      return;
    }
    this.#devices.set(device.ifindex, {
      device,
      interfaceId: this.#takeInterfaceId(),
      others: [],
      removed: [],
      attempts: 0,
      retryAtMs: 0,
      wasAttached: false,
    });
  }

  /** Ids 1 to INTERFACES_MAX − 1, then from the start again: by then the first ones' records are long out. */
  #takeInterfaceId(): number {
    const id = this.#nextInterfaceId;
    this.#nextInterfaceId = id + 1 < INTERFACES_MAX ? id + 1 : 1;
    return id;
  }

  #lose(ifindex: number, nowMs: number): void {
    const watched = this.#devices.get(ifindex);
    if (!watched || watched.goneAtMs !== undefined) return;
    watched.goneAtMs = nowMs;
    delete watched.problem;
    if (!watched.attachment) return;
    // The hooks went with the device; only our descriptors remain.
    watched.attachment.filters.clear();
    for (const hook of HOOKS) this.#attacher.detach(watched.attachment, ifindex, hook);
    delete watched.attachment;
    this.#events.detached(watched, "the device is gone");
  }

  /**
   * Brings what is attached in line with what is wanted. All ingress hooks go first: what leaves by a new egress hook
   * was then seen where it came in.
   */
  #work(nowMs: number): void {
    const begun: WatchedDevice[] = [];
    for (const watched of this.#devices.values()) {
      if (watched.goneAtMs !== undefined) continue;
      const wanted = this.#wanted(watched.device.name);
      if (watched.attachment && !wanted) this.#release(watched, `${watched.device.name} is not wanted`);
      if (!wanted) {
        delete watched.problem;
      } else if (!watched.attachment && watched.device.up && nowMs >= watched.retryAtMs) {
        if (this.#beginAttach(watched, nowMs)) begun.push(watched);
      }
    }
    for (const watched of begun) this.#finishAttach(watched, nowMs);
    this.#events.changed(this.#tableDevices());
  }

  #beginAttach(watched: WatchedDevice, nowMs: number): boolean {
    const link = linkOf(watched.device);
    if (!link) {
      this.#fail(watched, `its hardware type ${watched.device.hardwareType} is not one weir can read`, Infinity);
      return false;
    }
    const attachment = this.#attacher.begin();
    try {
      const before = this.#counters(watched);
      this.#attacher.attach(attachment, watched.device.ifindex, link, "ingress");
      watched.attachedAt = moveUp({ before, after: this.#counters(watched) }, watched);
      delete watched.detachedAt;
      watched.attachment = attachment;
      return true;
    } catch (error) {
      this.#undo(attachment, watched);
      this.#failLater(watched, error, nowMs);
      return false;
    }
  }

  #finishAttach(watched: WatchedDevice, nowMs: number): void {
    const { attachment, device } = watched;
    try {
      this.#attacher.attach(attachment!, device.ifindex, linkOf(device)!, "egress");
    } catch (error) {
      this.#takeOff(watched);
      this.#failLater(watched, error, nowMs);
      return;
    }
    watched.attempts = 0;
    watched.wasAttached = true;
    delete watched.problem;
    this.#lookAround(watched);
    this.#events.attached(watched);
  }

  /** Looks again who else is on the hooks of every attached device. */
  lookAround(): void {
    for (const watched of this.#devices.values()) if (watched.attachment) this.#lookAround(watched);
  }

  #lookAround(watched: WatchedDevice): void {
    const { ifindex } = watched.device;
    unlessGoing(() => {
      watched.others = HOOKS.flatMap((hook) => this.#attacher.others(ifindex, hook));
      watched.removed = HOOKS.filter((hook) => !this.#attacher.chain(ifindex, hook).some(({ ours }) => ours));
    });
  }

  /** All programs on a device's hooks, in the order that packets meet them. */
  chains({ device: { ifindex } }: WatchedDevice): Record<Hook, ChainedProgram[]> {
    const chains: Record<Hook, ChainedProgram[]> = { ingress: [], egress: [] };
    unlessGoing(() => {
      for (const hook of HOOKS) chains[hook] = this.#attacher.chain(ifindex, hook);
    });
    return chains;
  }

  /** The counters of now; of a device that is gone, or where nobody answers, the last ones heard of. */
  #counters({ device }: WatchedDevice): DeviceCounters {
    try {
      return (this.#links.read(device.ifindex) ?? device).counters;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return device.counters;
    }
  }

  /** Takes back half an attach. A hook that cannot be cleaned is the device's disappearance, which netlink tells. */
  #undo(attachment: Attachment, watched: WatchedDevice): void {
    for (const hook of HOOKS) this.#detach(attachment, watched, hook);
  }

  #detach(attachment: Attachment, watched: WatchedDevice, hook: Hook): void {
    try {
      this.#attacher.detach(attachment, watched.device.ifindex, hook);
    } catch (error) {
      watched.problem = (error as Error).message;
    }
  }

  #failLater(watched: WatchedDevice, error: unknown, nowMs: number): void {
    const waitMs = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** watched.attempts);
    watched.attempts++;
    this.#fail(watched, error instanceof Error ? error.message : String(error), nowMs + waitMs);
  }

  #fail(watched: WatchedDevice, problem: string, retryAtMs: number): void {
    watched.retryAtMs = retryAtMs;
    const isNew = watched.problem !== problem;
    watched.problem = problem;
    if (isNew) this.#events.failed(watched);
  }

  #release(watched: WatchedDevice, why: string): void {
    this.#takeOff(watched);
    this.#events.detached(watched, why);
  }

  #takeOff(watched: WatchedDevice): void {
    const attachment = watched.attachment!;
    delete watched.attachment;
    const before = this.#counters(watched);
    this.#undo(attachment, watched);
    watched.detachedAt = { before, after: this.#counters(watched) };
  }

  /** Takes everything off: egress hooks first, so that nothing leaves uncounted that came in uncounted. */
  releaseAll(): void {
    const attached = this.devices().filter(({ attachment }) => attachment);
    for (const watched of attached) this.#detach(watched.attachment!, watched, "egress");
    for (const watched of attached) this.#release(watched, "weir stops");
  }

  #tableDevices(): TableDevice[] {
    return this.devices().map(({ device, interfaceId, attachment, goneAtMs, wasAttached }) => ({
      ...device,
      interfaceId,
      attached: goneAtMs === undefined ? attachment !== undefined : wasAttached,
    }));
  }
}

/** Looks at a device's hooks. That it goes away just now is no failure: netlink will tell. */
function unlessGoing(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
}

/** Counters at an attach, moved up by what was counted between the attach before and its end. */
function moveUp(now: CounterBracket, { attachedAt: from, detachedAt: to }: WatchedDevice): CounterBracket {
  if (!from || !to) return now;
  return {
    before: minus(now.before, minus(to.after, from.before)),
    after: minus(now.after, minus(to.before, from.after)),
  };
}

function minus(a: DeviceCounters, b: DeviceCounters): DeviceCounters {
  return {
    rxPackets: a.rxPackets - b.rxPackets,
    rxBytes: a.rxBytes - b.rxBytes,
    rxDropped: a.rxDropped - b.rxDropped,
    txPackets: a.txPackets - b.txPackets,
    txBytes: a.txBytes - b.txBytes,
  };
}

/**
 * The counting rule's knowledge of the devices, laid out for wasm/devices.ts.
 *
 * Every packet counts where it enters this host's view, once:
 *
 * - Ingress counts, unless every device that it can have come up from is attached, too: a bridge's ports, the device
 *   under a VLAN, the other end of a veth pair.
 * - Egress of what this host itself sent counts, unless it passed an attached device above: the bridge or bond of a
 *   port, the VLAN device of a tag.
 * - Egress of what came in by a device counts only where that device is not covered (attached, or all below it are),
 *   and not again below a device above that it passed: all but what is bridged from port to port passes those.
 * - Loopback counts at egress.
 *
 * Everything else is a duplicate. Where the device below a tunnel is not known, but one that can be it is attached,
 * what comes out of the tunnel is an assumed duplicate. So is what a tunnel's device of this host wrapped and sends on,
 * where that one is attached: the packet inside was seen there. Its wrapping, a protocol or a known port, tells it.
 */
import { DEVICES_MAX, VLANS_MAX } from "../limits.ts";
import {
  carriesForPorts,
  type Device,
  facesWorkload,
  isLoopback,
  isPair,
  isStacked,
  isTunnel,
  isUnderlay,
  type Wrapping,
  wrappingOf,
} from "./device.ts";

/** Flags of a device in the table; wasm/devices.ts has the same. */
export const DeviceFlag = {
  LOOPBACK: 1,
  COVERED: 2,
  INGRESS_SEEN_BELOW: 4,
  INGRESS_ASSUMED_BELOW: 8,
  EGRESS_SEEN_ABOVE: 16,
  ENDPOINT: 32,
  CARRIES_UDP: 64,
  CARRIES_GRE: 128,
  CARRIES_IP: 256,
  CARRIES_ESP: 512,
} as const;

const CARRIES: Record<Wrapping, number> = {
  udp: DeviceFlag.CARRIES_UDP,
  gre: DeviceFlag.CARRIES_GRE,
  ip: DeviceFlag.CARRIES_IP,
  esp: DeviceFlag.CARRIES_ESP,
};
const VLAN_ATTACHED = 1;
const HEADER_BYTES = 16;
const RECORD_BYTES = 16;
const HASH_MULTIPLIER = 0x9e3779b1;
const VLAN_MULTIPLIER = 0x85ebca6b;
const DEVICE_PLACES = DEVICES_MAX * 2;
const VLAN_PLACES = VLANS_MAX * 2;

export interface TableDevice extends Device {
  attached: boolean;
  /** The id by which records name it. */
  interfaceId: number;
}

/** What the rule says of each device; by ifindex. */
export interface DeviceFacts {
  flags: number;
  domain: number;
  /** Numbers the bridge or bond that it is a port of, from 1; 0: none. */
  bridge: number;
}

/** Applies the rule's questions to a set of devices. */
export function describeDevices(devices: readonly TableDevice[]): Map<number, DeviceFacts> {
  const topology = new Topology(devices);
  return new Map(devices.map((device) => [device.ifindex, topology.describe(device)]));
}

class Topology {
  readonly #byIndex: Map<number, TableDevice>;
  readonly #ports = new Map<number, TableDevice[]>();
  /** Bridges and bonds with ports, in the order of their numbers from 1. */
  readonly #bridges: number[];
  readonly #underlayAttached: boolean;
  /** By ifindex: what attached tunnels send on by this device. */
  readonly #carried = new Map<number, number>();

  constructor(devices: readonly TableDevice[]) {
    this.#byIndex = new Map(devices.map((device) => [device.ifindex, device]));
    for (const device of devices) {
      if (!device.master) continue;
      const ports = this.#ports.get(device.master) ?? [];
      ports.push(device);
      this.#ports.set(device.master, ports);
    }
    this.#bridges = [...this.#ports.keys()].filter((ifindex) => {
      const master = this.#byIndex.get(ifindex);
      return master && carriesForPorts(master);
    });
    this.#underlayAttached = devices.some((device) => device.attached && isUnderlay(device));
    for (const tunnel of devices) {
      const wrapping = tunnel.attached ? wrappingOf(tunnel) : undefined;
      if (!wrapping) continue;
      const lowers = this.#lowers(tunnel);
      for (const lower of lowers.length ? lowers : devices.filter(isUnderlay)) this.#carry(lower, CARRIES[wrapping]);
    }
  }

  /** Marks a device, and all below it, as one that carries a tunnel's packets. */
  #carry(device: TableDevice, flag: number): void {
    const carried = this.#carried.get(device.ifindex) ?? 0;
    if (carried & flag) return;
    this.#carried.set(device.ifindex, carried | flag);
    for (const lower of this.#lowers(device)) this.#carry(lower, flag);
  }

  describe(device: TableDevice): DeviceFacts {
    const master = this.#byIndex.get(device.master);
    const below = this.#seenBelow(device, new Set());
    let flags = 0;
    if (isLoopback(device)) flags |= DeviceFlag.LOOPBACK;
    if (device.attached || below) flags |= DeviceFlag.COVERED;
    if (below || this.#peerAttached(device)) flags |= DeviceFlag.INGRESS_SEEN_BELOW;
    if (isTunnel(device) && !this.#lowers(device).length && this.#underlayAttached) {
      flags |= DeviceFlag.INGRESS_ASSUMED_BELOW;
    }
    if (master?.attached && carriesForPorts(master)) flags |= DeviceFlag.EGRESS_SEEN_ABOVE;
    if (facesWorkload(device)) flags |= DeviceFlag.ENDPOINT;
    flags |= this.#carried.get(device.ifindex) ?? 0;
    return { flags, domain: this.#domain(device), bridge: this.#bridges.indexOf(device.master) + 1 };
  }

  /** The devices that whatever comes out of this one passed before. */
  #lowers(device: TableDevice): TableDevice[] {
    const ports = this.#ports.get(device.ifindex);
    if (ports) return ports;
    if (!device.link || device.linkElsewhere || !(isStacked(device) || isTunnel(device))) return [];
    const lower = this.#byIndex.get(device.link);
    return lower ? [lower] : [];
  }

  #seenBelow(device: TableDevice, visited: Set<number>): boolean {
    if (visited.has(device.ifindex)) return false;
    visited.add(device.ifindex);
    const lowers = this.#lowers(device);
    return lowers.length > 0 && lowers.every((lower) => lower.attached || this.#seenBelow(lower, visited));
  }

  #peerAttached(device: TableDevice): boolean {
    return isPair(device) && !device.linkElsewhere && (this.#byIndex.get(device.link)?.attached ?? false);
  }

  /** The VRF that the device belongs to, by its ifindex: addresses of two VRFs may be the same and mean others. */
  #domain(device: TableDevice): number {
    let current: TableDevice | undefined = device;
    for (const visited = new Set<number>(); current && !visited.has(current.ifindex);) {
      if (current.kind === "vrf") return current.ifindex;
      visited.add(current.ifindex);
      current = this.#byIndex.get(current.master);
    }
    return 0;
  }
}

/** Tables written so far: verdicts are remembered by their table's number, as its place may hold another by then. */
let versions = 0;

/** Writes the table that wasm/devices.ts reads. region: zeroed here, DEVICE_TABLE_BYTES long. */
export function writeDeviceTable(region: Uint8Array, devices: readonly TableDevice[]): void {
  region.fill(0);
  const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
  const facts = describeDevices(devices);
  view.setUint32(0, DEVICE_PLACES - 1, true);
  view.setUint32(4, VLAN_PLACES - 1, true);
  view.setUint32(8, ++versions, true);
  for (const device of devices.slice(0, DEVICES_MAX)) {
    const { flags, domain, bridge } = facts.get(device.ifindex)!;
    const at = freePlace(view, HEADER_BYTES, DEVICE_PLACES, Math.imul(device.ifindex, HASH_MULTIPLIER));
    view.setUint32(at, device.ifindex, true);
    view.setUint32(at + 4, flags, true);
    view.setUint32(at + 8, domain, true);
    view.setUint16(at + 12, device.interfaceId, true);
    view.setUint16(at + 14, bridge, true);
  }
  const vlans = devices.filter((device) => device.vlan && device.link && !device.linkElsewhere);
  for (const device of vlans.slice(0, VLANS_MAX)) {
    const hash = Math.imul(device.link, HASH_MULTIPLIER) ^ Math.imul(device.vlan, VLAN_MULTIPLIER);
    const at = freePlace(view, HEADER_BYTES + DEVICE_PLACES * RECORD_BYTES, VLAN_PLACES, hash);
    view.setUint32(at, device.link, true);
    view.setUint32(at + 4, device.vlan, true);
    view.setUint32(at + 8, facts.get(device.ifindex)!.domain, true);
    view.setUint32(at + 12, device.attached ? VLAN_ATTACHED : 0, true);
  }
}

/** The first empty record from a hash on. The table is twice as large as what is put in. */
function freePlace(view: DataView, base: number, places: number, hash: number): number {
  for (let place = (hash >>> 8) & (places - 1);; place = (place + 1) & (places - 1)) {
    const at = base + place * RECORD_BYTES;
    if (!view.getUint32(at, true)) return at;
  }
}

// Does this sighting count? A pure function of (device, hook, ingress device, VLAN) and of what the main thread knows
// of the devices (src/capture/device_table.ts builds the table and says what each flag means and where the rule comes
// from).

import { CONTROL_DEVICES } from "./memory_map";
import { KEY_EGRESS, Slot } from "./slot";

/** Header of the table: masks of two open-addressing tables of 16-byte records, devices first. */
@unmanaged
export class DeviceTable {
  deviceMask: u32;
  vlanMask: u32;
  reserved0: u32;
  reserved1: u32;
}

@unmanaged
export class Device {
  ifindex: u32; // 0: empty
  flags: u32;
  domain: u32;
  interfaceId: u16;
  bridge: u16; // number of the bridge or bond that it is a port of; 0: none
}

/** A VLAN device on top of a device. */
@unmanaged
export class Vlan {
  ifindex: u32; // of the lower device; 0: empty
  vlan: u32;
  domain: u32; // of the VLAN device
  flags: u32;
}

const TABLE_HEADER: usize = offsetof<DeviceTable>();
const RECORD_BYTES: usize = offsetof<Device>();
export const HASH_MULTIPLIER: u32 = 0x9e3779b1;
export const VLAN_MULTIPLIER: u32 = 0x85ebca6b;

/** Device.flags; DeviceFlag of src/capture/device_table.ts */
export const LOOPBACK: u32 = 1;
export const COVERED: u32 = 2; // what enters by it was seen: it is attached, or all its lowers are
export const INGRESS_SEEN_BELOW: u32 = 4; // what comes out of it was seen by all it can come from
export const INGRESS_ASSUMED_BELOW: u32 = 8; // the same, as far as can be known
export const EGRESS_SEEN_ABOVE: u32 = 16; // what is sent or routed by it was seen on its attached master
export const ENDPOINT: u32 = 32; // on its other side is a workload of this node
export const VLAN_ATTACHED: u32 = 1; // Vlan.flags

/** Verdicts: the term of the books, from TERM_COUNTED on. */
export const COUNTS: u8 = 0;
export const DUPLICATE: u8 = 1;
export const ASSUMED_DUPLICATE: u8 = 2;

/** Domains of tagged traffic that no VLAN device of this host takes up. */
const DOMAIN_OF_TAGS: u32 = 0x80000000;

// Results of sight(), until the next call.
export let verdict: u8 = 0;
export let interfaceId: u16 = 0;
export let domain: u32 = 0;
export let sourceLocal: bool = false; // made on this node: by the host or by a workload at the device's other end
export let destinationLocal: bool = false; // on its way to such a workload

@inline function table(): usize {
  return <usize>load<u32>(CONTROL_DEVICES);
}

/** The table in force: its address, by which a verdict's age is told. */
@inline export function devicesVersion(): u32 {
  return load<u32>(CONTROL_DEVICES);
}

function findDevice(ifindex: u32): Device | null {
  const mask = changetype<DeviceTable>(table()).deviceMask;
  let at = (ifindex * HASH_MULTIPLIER) >> 8 & mask;
  while (true) {
    const device = changetype<Device>(table() + TABLE_HEADER + <usize>at * RECORD_BYTES);
    if (device.ifindex == ifindex) return device;
    if (!device.ifindex) return null;
    at = (at + 1) & mask;
  }
}

function findVlan(ifindex: u32, vlan: u32): Vlan | null {
  const header = changetype<DeviceTable>(table());
  const base = table() + TABLE_HEADER + (<usize>header.deviceMask + 1) * RECORD_BYTES;
  let at = (ifindex * HASH_MULTIPLIER ^ vlan * VLAN_MULTIPLIER) >> 8 & header.vlanMask;
  while (true) {
    const record = changetype<Vlan>(base + <usize>at * RECORD_BYTES);
    if (record.ifindex == ifindex && record.vlan == vlan) return record;
    if (!record.ifindex) return null;
    at = (at + 1) & header.vlanMask;
  }
}

function ingressVerdict(flags: u32): u8 {
  if (flags & (LOOPBACK | INGRESS_SEEN_BELOW)) return DUPLICATE;
  return flags & INGRESS_ASSUMED_BELOW ? ASSUMED_DUPLICATE : COUNTS;
}

function egressVerdict(slot: Slot, flags: u32, bridge: u16, vlan: Vlan | null): u8 {
  if (flags & LOOPBACK) return COUNTS;
  if (slot.ingressIfindex) {
    const ingress = findDevice(slot.ingressIfindex);
    if (ingress) {
      if (ingress.flags & COVERED) return DUPLICATE;
      // bridged from port to port, it passed no device above; routed, it did
      if (bridge && ingress.bridge == bridge) return COUNTS;
    }
  }
  if (flags & EGRESS_SEEN_ABOVE) return DUPLICATE;
  return vlan && vlan.flags & VLAN_ATTACHED ? DUPLICATE : COUNTS;
}

/** Fills the results above for a slot's key. */
export function sight(slot: Slot): void {
  const device = findDevice(slot.ifindex);
  const flags = device ? device.flags : 0;
  const vlan = slot.vlan ? findVlan(slot.ifindex, slot.vlan) : null;
  const egress = (slot.flags & KEY_EGRESS) != 0;
  interfaceId = device ? device.interfaceId : 0;
  verdict = egress ? egressVerdict(slot, flags, device ? device.bridge : 0, vlan) : ingressVerdict(flags);
  sourceLocal = egress ? slot.ingressIfindex == 0 : (flags & ENDPOINT) != 0;
  destinationLocal = egress && (flags & ENDPOINT) != 0;
  if (!slot.vlan) domain = device ? device.domain : 0;
  else if (vlan && !slot.vlanInner) domain = vlan.domain;
  else domain = DOMAIN_OF_TAGS | ((<u32>slot.vlan) << 12) | slot.vlanInner;
}

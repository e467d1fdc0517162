// Does this sighting count? A pure function of (device, hook, ingress device, VLAN) and of what the main thread knows
// of the devices (src/capture/device_table.ts builds the table and says what each flag means and where the rule comes
// from).

import { CONTROL_DEVICES } from "./memory_map";
import { LOCAL_DESTINATION, LOCAL_SOURCE, Sighting, WHERE } from "./sighting";
import { deviceWord, KEY_EGRESS, PROTOCOL_UDP, Slot } from "./slot";

/** Header of the table: masks of two open-addressing tables of 16-byte records, devices first. */
@unmanaged
export class DeviceTable {
  deviceMask: u32;
  vlanMask: u32;
  version: u32; // each table that was ever written has its own
  reserved: u32;
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
const DOMAIN_MULTIPLIER: u32 = 0xc2b2ae35;

/** Device.flags; DeviceFlag of src/capture/device_table.ts */
export const LOOPBACK: u32 = 1;
export const COVERED: u32 = 2; // what enters by it was seen: it is attached, or all its lowers are
export const INGRESS_SEEN_BELOW: u32 = 4; // what comes out of it was seen by all it can come from
export const INGRESS_ASSUMED_BELOW: u32 = 8; // the same, as far as can be known
export const EGRESS_SEEN_ABOVE: u32 = 16; // what is sent or routed by it was seen on its attached master
export const ENDPOINT: u32 = 32; // on its other side is a workload of this node
export const CARRIES_UDP: u32 = 64; // attached tunnels of this host send by it what they wrapped in UDP,
export const CARRIES_GRE: u32 = 128; // in GRE,
export const CARRIES_IP: u32 = 256; // in IP alone,
export const CARRIES_ESP: u32 = 512; // in ESP
export const VLAN_ATTACHED: u32 = 1; // Vlan.flags

/** UDP ports of tunnels, as the kernel program has them: VXLAN (IANA, Linux) and Geneve. */
export const VXLAN_PORT: u16 = 4789;
export const VXLAN_PORT_LINUX: u16 = 8472;
export const GENEVE_PORT: u16 = 6081;

/** Verdicts: the term of the books, from TERM_COUNTED on. */
export const COUNTS: u8 = 0;
export const DUPLICATE: u8 = 1;
export const ASSUMED_DUPLICATE: u8 = 2;

/** Domains of tagged traffic that no VLAN device of this host takes up. */
const DOMAIN_OF_TAGS: u32 = 0x80000000;

@inline function table(): usize {
  return <usize>load<u32>(CONTROL_DEVICES);
}

/** Which table is in force, by which a verdict's age is told. */
@inline export function devicesVersion(): u32 {
  return changetype<DeviceTable>(table()).version;
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

/** What was found out lately, by what it depends on: a host has few devices, and its slots many sightings of each. */
@unmanaged
class Known {
  device: u64; // deviceWord() of the slot
  ingressIfindex: u32;
  hookVlan: u32; // KEY_EGRESS, VLAN << 8
  table: u32; // version of the device table; 0: none
  reserved: u32;
  where: u64; // Sighting's domain, interfaceId, verdict, locals
}

/** CARRIES flags in Sighting.locals: those of what this host itself sends and nobody saw before. */
const CARRIED: u32 = 0xf0;
const CARRIED_SHIFT: u32 = 2;
const CARRIED_AT: u64 = 60; // in the word that Known.where is
const PROTOCOL_IPV4: u8 = 4;
const PROTOCOL_IPV6: u8 = 41;
const PROTOCOL_GRE: u8 = 47;
const PROTOCOL_ESP: u8 = 50;

const KNOWN_BYTES: usize = 32;
const KNOWN_SHIFT: u32 = 26; // 64 places
const KNOWN: usize = memory.data(2048, 32);
const HOOK_VLAN: u32 = 0xffff01;

/** Fills what a slot's key says by the devices it names. */
@inline export function sight(slot: Slot, sighting: Sighting, keyWord: u64): void {
  const device = deviceWord(slot);
  const ingressIfindex = slot.ingressIfindex;
  const hookVlan = <u32>(keyWord >> 40) & HOOK_VLAN;
  const hash = <u32>(device >> 32) * HASH_MULTIPLIER + ingressIfindex * VLAN_MULTIPLIER +
    (hookVlan ^ <u32>device) * DOMAIN_MULTIPLIER;
  const known = changetype<Known>(KNOWN + <usize>(hash >> KNOWN_SHIFT) * KNOWN_BYTES);
  if (known.device != device || known.ingressIfindex != ingressIfindex || known.hookVlan != hookVlan ||
    known.table != devicesVersion()) {
    findOut(slot, sighting);
    known.device = device;
    known.ingressIfindex = ingressIfindex;
    known.hookVlan = hookVlan;
    known.table = devicesVersion();
    known.where = load<u64>(changetype<usize>(sighting), WHERE);
  }
  const where = known.where;
  store<u64>(changetype<usize>(sighting), where, WHERE);
  if (where >> CARRIED_AT) unwrap(slot, sighting);
}

/** What this host wrapped was seen inside, on the tunnel's device. */
function unwrap(slot: Slot, sighting: Sighting): void {
  const carried = (<u32>sighting.locals & CARRIED) << CARRIED_SHIFT;
  if (carried & wrappingOf(slot)) sighting.verdict = ASSUMED_DUPLICATE;
}

/** By which CARRIES flag a tunnel of this wrapping is known; 0: it looks like none. */
function wrappingOf(slot: Slot): u32 {
  switch (slot.protocol) {
    case PROTOCOL_UDP:
      return slot.destinationPort == VXLAN_PORT || slot.destinationPort == VXLAN_PORT_LINUX ||
          slot.destinationPort == GENEVE_PORT
        ? CARRIES_UDP
        : 0;
    case PROTOCOL_GRE:
      return CARRIES_GRE;
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
      return CARRIES_IP;
    case PROTOCOL_ESP:
      return CARRIES_ESP;
    default:
      return 0;
  }
}

function findOut(slot: Slot, sighting: Sighting): void {
  const device = findDevice(slot.ifindex);
  const flags = device ? device.flags : 0;
  const vlan = slot.vlan ? findVlan(slot.ifindex, slot.vlan) : null;
  const egress = (slot.flags & KEY_EGRESS) != 0;
  const workload = (flags & ENDPOINT) != 0;
  sighting.interfaceId = device ? device.interfaceId : 0;
  sighting.verdict = egress ? egressVerdict(slot, flags, device ? device.bridge : 0, vlan) : ingressVerdict(flags);
  sighting.locals = (egress ? slot.ingressIfindex == 0 : workload) ? LOCAL_SOURCE : 0;
  if (egress && workload) sighting.locals |= LOCAL_DESTINATION;
  if (egress && !slot.ingressIfindex && sighting.verdict == COUNTS) {
    sighting.locals |= <u8>((flags >> CARRIED_SHIFT) & CARRIED);
  }
  if (!slot.vlan) sighting.domain = device ? device.domain : 0;
  else if (vlan && !slot.vlanInner) sighting.domain = vlan.domain;
  else sighting.domain = DOMAIN_OF_TAGS | ((<u32>slot.vlan) << 12) | slot.vlanInner;
}

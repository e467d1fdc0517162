/** A network device, as netlink tells of it, and what its kind means for us. */
import type { Link } from "../flow.ts";

export interface DeviceCounters {
  rxPackets: bigint;
  rxBytes: bigint;
  rxDropped: bigint;
  txPackets: bigint;
  txBytes: bigint;
}

export interface Device {
  ifindex: number;
  name: string;
  /** ARPHRD_… (include/uapi/linux/if_arp.h). */
  hardwareType: number;
  up: boolean;
  /** rtnetlink's name of the driver: "veth", "bridge", "vlan" …; "" for devices without one, as physical ones are. */
  kind: string;
  /** ifindex of the bridge, bond or VRF that it is a port of; 0: none. */
  master: number;
  /** ifindex of the device below it, or at the other end of a veth; 0: none. */
  link: number;
  /** The device `link` names lies in another network namespace. */
  linkElsewhere: boolean;
  /** VLAN id of a VLAN device; 0 else. */
  vlan: number;
  /** Id of the XDP program on it; 0: none. */
  xdpProgramId: number;
  counters: DeviceCounters;
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** PPP, raw IP, IPIP, IP6IP6, SIT, GRE, GRE6, and "none" as tun and WireGuard have it. */
const ARPHRD_IP = new Set([512, 519, 768, 769, 776, 778, 823, 65534]);

/** How packets of a device begin, or undefined where weir cannot read them (InfiniBand, radio monitors …). */
export function linkOf(device: Device): Link | undefined {
  if (device.hardwareType === ARPHRD_ETHER || device.hardwareType === ARPHRD_LOOPBACK) return "ethernet";
  return ARPHRD_IP.has(device.hardwareType) ? "ip" : undefined;
}

export function isLoopback(device: Device): boolean {
  return device.hardwareType === ARPHRD_LOOPBACK;
}

/** Masters whose own traffic passes their own egress hook before a port's: a VRF's does not. */
const CARRYING_MASTERS = new Set(["bridge", "bond", "team"]);

export function carriesForPorts(device: Device): boolean {
  return CARRYING_MASTERS.has(device.kind);
}

/** Kinds whose `link` is the device below them, that every packet of theirs passes, too. */
const STACKED_KINDS = new Set(["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "hsr", "ipoib"]);

/** What a tunnel's packets are told by on the device below: a UDP port, or their protocol. */
export type Wrapping = "udp" | "gre" | "ip" | "esp";

/**
 * Kinds that wrap packets in others, which then pass a device below: `link` when it is known. undefined: nothing tells
 * what they make from other packets, as WireGuard's port may be any.
 */
const TUNNEL_KINDS: ReadonlyMap<string, Wrapping | undefined> = new Map([
  ["vxlan", "udp"],
  ["geneve", "udp"],
  ["gre", "gre"],
  ["gretap", "gre"],
  ["erspan", "gre"],
  ["ip6gre", "gre"],
  ["ip6gretap", "gre"],
  ["ip6erspan", "gre"],
  ["ipip", "ip"],
  ["sit", "ip"],
  ["ip6tnl", "ip"],
  ["vti", "esp"],
  ["vti6", "esp"],
  ["xfrm", "esp"],
  ["wireguard", undefined],
  ["gtp", undefined],
  ["bareudp", undefined],
]);

export function isStacked(device: Device): boolean {
  return STACKED_KINDS.has(device.kind);
}

export function isTunnel(device: Device): boolean {
  return TUNNEL_KINDS.has(device.kind);
}

/** How the packets that a tunnel device makes are told from others; undefined for those that nothing tells. */
export function wrappingOf(device: Device): Wrapping | undefined {
  return TUNNEL_KINDS.get(device.kind);
}

export function isPair(device: Device): boolean {
  return device.kind === "veth" || device.kind === "netkit" || device.kind === "vxcan";
}

/** Whether a workload of this node is at its other end: a container's veth, a virtual machine's tap. */
export function facesWorkload(device: Device): boolean {
  if (isPair(device)) return device.linkElsewhere;
  return device.kind === "tun" && device.hardwareType === ARPHRD_ETHER;
}

/** Kinds that nothing comes in by from outside of this host. */
const INWARD_KINDS = new Set(["tun", "dummy", "ifb"]);

/** Devices that carry the packets which tunnels make: not themselves tunnels, pairs or loopback. */
export function isUnderlay(device: Device): boolean {
  return !isTunnel(device) && !isPair(device) && !isLoopback(device) && !INWARD_KINDS.has(device.kind);
}

/** Software devices, whose counters count what the hooks see; a physical one may count otherwise (LRO, TSO). */
export function countsLikeHooks(device: Device): boolean {
  return device.kind !== "" || isLoopback(device);
}

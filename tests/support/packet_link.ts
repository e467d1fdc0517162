/** Link layers of the packet builder: Ethernet, VLAN tags, Linux cooked captures, ARP. */
import { address } from "./packet_ip.ts";
import { type Bytes, concat, type Layer } from "./packet.ts";

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, qinq: 0x88a8, ipv6: 0x86dd } as const;

export interface EthernetOptions {
  source?: string;
  destination?: string;
  ethertype?: number;
}

/** "02:00:00:00:00:01" → 6 bytes */
export function linkAddress(text: string): Bytes {
  return Uint8Array.from(text.split(":"), (part) => parseInt(part, 16));
}

function u16(value: number): Bytes {
  return Uint8Array.of((value >> 8) & 0xff, value & 0xff);
}

export function ethernet(options: EthernetOptions = {}): Layer {
  return {
    ethertype: 0x6558,
    encode: (inside, next) =>
      concat(
        linkAddress(options.destination ?? "02:00:00:00:00:02"),
        linkAddress(options.source ?? "02:00:00:00:00:01"),
        u16(options.ethertype ?? next?.ethertype ?? 0xffff),
        inside,
      ),
  };
}

/** A tag: 802.1Q, or 802.1ad with `tpid: 0x88a8`. */
export function vlan(id: number, options: { priority?: number; tpid?: number; ethertype?: number } = {}): Layer {
  return {
    ethertype: options.tpid ?? ETHERTYPE.vlan,
    encode: (inside, next) =>
      concat(u16(((options.priority ?? 0) << 13) | id), u16(options.ethertype ?? next?.ethertype ?? 0xffff), inside),
  };
}

/** Linux cooked capture, version 1 (LINKTYPE_LINUX_SLL). */
export function linuxCooked(options: { type?: number; source?: string; ethertype?: number } = {}): Layer {
  return {
    encode: (inside, next) =>
      concat(
        u16(options.type ?? 0),
        u16(1),
        u16(6),
        linkAddress(options.source ?? "02:00:00:00:00:01"),
        u16(0),
        u16(options.ethertype ?? next?.ethertype ?? 0xffff),
        inside,
      ),
  };
}

/** An ARP request for an IPv4 address. */
export function arp(options: { source?: string; target?: string } = {}): Layer {
  return {
    ethertype: ETHERTYPE.arp,
    encode: (inside) =>
      concat(
        u16(1),
        u16(ETHERTYPE.ipv4),
        Uint8Array.of(6, 4),
        u16(1),
        linkAddress("02:00:00:00:00:01"),
        address(options.source ?? "10.0.0.1"),
        linkAddress("00:00:00:00:00:00"),
        address(options.target ?? "10.0.0.2"),
        inside,
      ),
  };
}

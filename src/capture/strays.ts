/** Frames that became no flow, by device, hook and ethertype: bpf/books.h's strays, read and named. */
import { type Hook, HOOKS } from "../flow.ts";
import type { Kernel } from "./kernel.ts";

export interface Stray {
  ifindex: number;
  hook: Hook;
  /** The term of the books that it is in: not_ip, malformed, lost_ring_full … */
  term: string;
  ethertype: number;
  /** "arp" where the ethertype has a name, else "0x88cc". */
  ethertypeName: string;
  frames: bigint;
  bytes: bigint;
}

const KEY_BYTES = 8;
const VALUE_BYTES = 16;
/** enum term, bpf/reason.h */
const TERM_NAMES: Record<number, string> = {
  2: "not_ip",
  3: "malformed",
  4: "filtered",
  5: "sampled_out",
  6: "lost_ring_full",
  7: "lost_no_slot",
};

const ETHERTYPES: Record<number, string> = {
  0x0800: "ipv4",
  0x0806: "arp",
  0x8035: "rarp",
  0x8100: "vlan",
  0x86dd: "ipv6",
  0x8809: "slow protocols",
  0x8847: "mpls",
  0x8848: "mpls multicast",
  0x8863: "pppoe discovery",
  0x8864: "pppoe session",
  0x888e: "eapol",
  0x88a8: "qinq",
  0x88cc: "lldp",
  0x88e5: "macsec",
};
const LENGTH_MAX = 0x05ff;

export function readStrays(kernel: Kernel, mapFd: number): Stray[] {
  return kernel.readMap(mapFd, KEY_BYTES, VALUE_BYTES).map(({ key, value }) => {
    const ethertype = key.getUint16(4, true);
    return {
      ifindex: key.getUint32(0, true),
      hook: HOOKS[key.getUint8(6)] ?? "ingress",
      term: TERM_NAMES[key.getUint8(7)] ?? "unknown",
      ethertype,
      ethertypeName: ethertypeName(ethertype),
      frames: value.getBigUint64(0, true),
      bytes: value.getBigUint64(8, true),
    };
  });
}

function ethertypeName(ethertype: number): string {
  if (ethertype <= LENGTH_MAX) return "802.3";
  return ETHERTYPES[ethertype] ?? `0x${ethertype.toString(16).padStart(4, "0")}`;
}

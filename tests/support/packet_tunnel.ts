/** Tunnels of the packet builder. IPIP and IPv6 in IP need no header of their own: ipv4() inside ipv4(). */
import { PROTOCOL } from "./packet_ip.ts";
import { concat, type Layer } from "./packet.ts";

/** Behind udp({ destination: 4789 }), with ethernet() inside (RFC 7348). */
export function vxlan(network: number): Layer {
  return {
    encode: (inside) =>
      concat(Uint8Array.of(8, 0, 0, 0, network >> 16, (network >> 8) & 0xff, network & 0xff, 0), inside),
  };
}

/** Behind udp({ destination: 6081 }); options: so many words (RFC 8926). */
export function geneve(network: number, optionWords = 0): Layer {
  return {
    encode(inside, next) {
      const ethertype = next?.ethertype ?? 0x6558;
      const header = Uint8Array.of(
        optionWords,
        0,
        ethertype >> 8,
        ethertype & 0xff,
        network >> 16,
        network >> 8,
        network,
        0,
      );
      return concat(header, new Uint8Array(optionWords * 4), inside);
    },
  };
}

/** RFC 2784 and 2890: each option is one more word. */
export function gre(
  options: { checksum?: boolean; key?: boolean; sequence?: boolean; ethertype?: number } = {},
): Layer {
  return {
    protocol: PROTOCOL.gre,
    encode(inside, next) {
      const ethertype = options.ethertype ?? next?.ethertype ?? 0;
      const flags = (options.checksum ? 0x80 : 0) | (options.key ? 0x20 : 0) | (options.sequence ? 0x10 : 0);
      const words = [options.checksum, options.key, options.sequence].filter(Boolean).length;
      return concat(Uint8Array.of(flags, 0, ethertype >> 8, ethertype & 0xff), new Uint8Array(words * 4), inside);
    },
  };
}

/**
 * Frames for tests, layer by layer:
 *
 *     packet(ethernet(), vlan(7), ipv4({ source: "10.0.0.1" }), tcp({ flags: "S" }), 100)
 *
 * Each layer fills in what it knows of the ones inside it: next protocol, lengths, checksums. Every such field can be
 * given instead, right or wrong. The last argument may be a payload: bytes, text, or how many bytes.
 */
export { arp, ethernet, type EthernetOptions, linkAddress, linuxCooked, vlan } from "./packet_link.ts";
export {
  address,
  authentication,
  destinationOptions,
  extension,
  fragment,
  hopByHop,
  type IpOptions,
  ipv4,
  type Ipv4Options,
  ipv6,
  type Ipv6Options,
  routing,
} from "./packet_ip.ts";
export { icmp, icmp6, raw, sctp, tcp, type TcpOptions, tcpOptions, udp, type UdpOptions } from "./packet_transport.ts";
export { geneve, gre, vxlan } from "./packet_tunnel.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** What the checksum of a transport layer covers besides itself. */
export type Pseudo = (protocol: number, length: number) => Bytes;

/** One header, or something that follows all headers. */
export interface Layer {
  /** What an Ethernet, VLAN or GRE header in front calls this. */
  ethertype?: number;
  /** What an IP or extension header in front calls this. */
  protocol?: number;
  /** Stands between an IP header and its transport. */
  isExtension?: boolean;
  /** Header and inside. `next` is the layer that `inside` begins with. */
  encode(inside: Bytes, next: Layer | undefined, chain: readonly EncodedLayer[]): Bytes;
  /** Fills in a checksum that needs the addresses of the IP header in front. */
  addChecksum?(segment: Bytes, pseudo: Pseudo): void;
}

/** A layer and the size of its header, as an outer layer sees what is inside. */
export interface EncodedLayer {
  layer: Layer;
  headerBytes: number;
}

export type Payload = Bytes | string | number;

/** Builds a frame, or a packet when the first layer is an IP header. */
export function packet(...parts: Array<Layer | Payload>): Bytes {
  let inside: Bytes = new Uint8Array(0);
  let next: Layer | undefined;
  const chain: EncodedLayer[] = [];
  for (const part of parts.toReversed()) {
    if (typeof part !== "object" || part instanceof Uint8Array) {
      inside = concat(payload(part), inside);
      next = undefined;
      chain.length = 0;
      continue;
    }
    const encoded: Bytes = part.encode(inside, next, chain);
    chain.unshift({ layer: part, headerBytes: encoded.length - inside.length });
    inside = encoded;
    next = part;
  }
  return inside;
}

/** Payload bytes: as given, as text, or so many of a pattern. */
export function payload(part: Payload): Bytes {
  if (typeof part === "string") return new TextEncoder().encode(part);
  if (typeof part === "number") return Uint8Array.from({ length: part }, (_, i) => i & 0xff);
  return part;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The first bytes of a frame: a capture that was cut, or a packet that was. */
export function cut(frame: Bytes, bytes: number): Bytes {
  return frame.slice(0, bytes);
}

/** A frame with zeroes behind, as short ones have on the wire. */
export function pad(frame: Bytes, bytes: number): Bytes {
  return frame.length >= bytes ? frame : concat(frame, new Uint8Array(bytes - frame.length));
}

/** A copy with some bytes overwritten. */
export function patch(frame: Bytes, at: number, ...bytes: number[]): Bytes {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

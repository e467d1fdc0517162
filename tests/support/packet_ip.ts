/** IPv4, IPv6 and its extension headers for the packet builder. */
import { internetChecksum } from "./checksum.ts";
import { type Bytes, concat, type EncodedLayer, type Layer, type Pseudo } from "./packet.ts";

export const PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  none: 59,
  destinationOptions: 60,
  sctp: 132,
  mobility: 135,
  udpLite: 136,
  hip: 139,
  shim6: 140,
} as const;

/** "10.0.0.1" → 4 bytes, "fd00::1" → 16 bytes */
export function address(text: string): Bytes {
  if (!text.includes(":")) return Uint8Array.from(text.split("."), Number);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail ?? "");
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

export interface IpOptions {
  source?: string;
  destination?: string;
  protocol?: number;
  ttl?: number;
  trafficClass?: number;
  version?: number;
}

export interface Ipv4Options extends IpOptions {
  /** Bytes of options, a multiple of 4. */
  options?: Bytes;
  /** The header's length as it says itself, in words. */
  headerWords?: number;
  totalLength?: number;
  identification?: number;
  /** In units of 8 bytes. */
  fragmentOffset?: number;
  moreFragments?: boolean;
  dontFragment?: boolean;
}

/** Fills in the checksum of the transport layer behind extension headers; a later fragment's is elsewhere. */
function addTransportChecksum(inside: Bytes, chain: readonly EncodedLayer[], pseudo: Pseudo): void {
  let at = 0;
  for (const { layer, headerBytes } of chain) {
    if (!layer.isExtension) {
      layer.addChecksum?.(inside.subarray(at), pseudo);
      return;
    }
    at += headerBytes;
  }
}

export function ipv4(options: Ipv4Options = {}): Layer {
  const ipOptions = options.options ?? new Uint8Array(0);
  const headerBytes = 20 + ipOptions.length;
  return {
    ethertype: 0x0800,
    protocol: PROTOCOL.ipv4,
    encode(inside, next, chain) {
      const header = new DataView(new ArrayBuffer(headerBytes));
      const bytes = new Uint8Array(header.buffer);
      const source = address(options.source ?? "10.0.0.1");
      const destination = address(options.destination ?? "10.0.0.2");
      header.setUint8(0, ((options.version ?? 4) << 4) | (options.headerWords ?? headerBytes / 4));
      header.setUint8(1, options.trafficClass ?? 0);
      header.setUint16(2, options.totalLength ?? headerBytes + inside.length);
      header.setUint16(4, options.identification ?? 0);
      const flags = (options.dontFragment ? 0x4000 : 0) | (options.moreFragments ? 0x2000 : 0);
      header.setUint16(6, flags | (options.fragmentOffset ?? 0));
      header.setUint8(8, options.ttl ?? 64);
      header.setUint8(9, options.protocol ?? next?.protocol ?? 253);
      bytes.set(source, 12);
      bytes.set(destination, 16);
      bytes.set(ipOptions, 20);
      header.setUint16(10, internetChecksum(bytes));
      if (!options.fragmentOffset) {
        addTransportChecksum(
          inside,
          chain,
          (protocol, length) => concat(source, destination, Uint8Array.of(0, protocol, length >> 8, length & 0xff)),
        );
      }
      return concat(bytes, inside);
    },
  };
}

export interface Ipv6Options extends IpOptions {
  payloadLength?: number;
  flowLabel?: number;
}

export function ipv6(options: Ipv6Options = {}): Layer {
  return {
    ethertype: 0x86dd,
    protocol: PROTOCOL.ipv6,
    encode(inside, next, chain) {
      const header = new DataView(new ArrayBuffer(40));
      const bytes = new Uint8Array(header.buffer);
      const source = address(options.source ?? "fd00::1");
      const destination = address(options.destination ?? "fd00::2");
      const first = ((options.version ?? 6) << 28) | ((options.trafficClass ?? 0) << 20) | (options.flowLabel ?? 0);
      header.setUint32(0, first >>> 0);
      header.setUint16(4, options.payloadLength ?? inside.length);
      header.setUint8(6, options.protocol ?? next?.protocol ?? 253);
      header.setUint8(7, options.ttl ?? 64);
      bytes.set(source, 8);
      bytes.set(destination, 24);
      addTransportChecksum(inside, chain, (protocol, length) => {
        const tail = new DataView(new ArrayBuffer(8));
        tail.setUint32(0, length);
        tail.setUint8(7, protocol);
        return concat(source, destination, new Uint8Array(tail.buffer));
      });
      return concat(bytes, inside);
    },
  };
}

export interface ExtensionOptions {
  /** Whole header's size in bytes; a multiple of 8. */
  headerBytes?: number;
  /** What its length field says. */
  length?: number;
  next?: number;
}

/** An extension header of the common form (RFC 6564): next header, length in 8 bytes less one, data. */
export function extension(protocol: number, options: ExtensionOptions = {}): Layer {
  const headerBytes = options.headerBytes ?? 8;
  return {
    protocol,
    isExtension: true,
    encode(inside, next) {
      const header = new Uint8Array(headerBytes);
      header[0] = options.next ?? next?.protocol ?? PROTOCOL.none;
      header[1] = options.length ?? headerBytes / 8 - 1;
      return concat(header, inside);
    },
  };
}

export const hopByHop = (options?: ExtensionOptions): Layer => extension(PROTOCOL.hopByHop, options);
export const routing = (options?: ExtensionOptions): Layer => extension(PROTOCOL.routing, options);
export const destinationOptions = (options?: ExtensionOptions): Layer =>
  extension(PROTOCOL.destinationOptions, options);

/** IPsec authentication (RFC 4302): length in words less two. */
export function authentication(options: ExtensionOptions = {}): Layer {
  const headerBytes = options.headerBytes ?? 24;
  return extension(PROTOCOL.ah, { length: headerBytes / 4 - 2, ...options, headerBytes });
}

/** A fragment header; offset in units of 8 bytes. */
export function fragment(
  options: { offset?: number; more?: boolean; identification?: number; next?: number } = {},
): Layer {
  return {
    protocol: PROTOCOL.fragment,
    isExtension: !options.offset,
    encode(inside, next) {
      const header = new DataView(new ArrayBuffer(8));
      header.setUint8(0, options.next ?? next?.protocol ?? PROTOCOL.none);
      header.setUint16(2, ((options.offset ?? 0) << 3) | (options.more ? 1 : 0));
      header.setUint32(4, options.identification ?? 1);
      return concat(new Uint8Array(header.buffer), inside);
    },
  };
}

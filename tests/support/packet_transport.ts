/** Transport layers of the packet builder. */
import { crc32c, internetChecksum } from "./checksum.ts";
import { PROTOCOL } from "./packet_ip.ts";
import { type Bytes, concat, type Layer, type Pseudo } from "./packet.ts";

const TCP_FLAGS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 };

export interface TcpOptions {
  source?: number;
  destination?: number;
  sequence?: number;
  acknowledgment?: number;
  /** Letters of FSRPAUEC. */
  flags?: string;
  window?: number;
  /** Bytes of options, a multiple of 4. */
  options?: Bytes;
  /** The header's length as it says itself, in words. */
  headerWords?: number;
}

function setInternetChecksum(segment: Bytes, at: number, ...front: Bytes[]): void {
  const sum = internetChecksum(...front, segment);
  segment[at] = sum >> 8;
  segment[at + 1] = sum & 0xff;
}

/** What a SYN of Linux carries: MSS, SACK permitted, timestamps, window scale. */
export function tcpOptions(): Bytes {
  return Uint8Array.of(2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7);
}

export function tcp(options: TcpOptions = {}): Layer {
  const extra = options.options ?? new Uint8Array(0);
  const flags = [...options.flags ?? "A"].reduce((bits, letter) => bits | TCP_FLAGS[letter]!, 0);
  return {
    protocol: PROTOCOL.tcp,
    encode(inside) {
      const header = new DataView(new ArrayBuffer(20 + extra.length));
      header.setUint16(0, options.source ?? 40_000);
      header.setUint16(2, options.destination ?? 443);
      header.setUint32(4, (options.sequence ?? 1) >>> 0);
      header.setUint32(8, (options.acknowledgment ?? 0) >>> 0);
      header.setUint8(12, (options.headerWords ?? (20 + extra.length) / 4) << 4);
      header.setUint8(13, flags);
      header.setUint16(14, options.window ?? 64_240);
      const bytes = new Uint8Array(header.buffer);
      bytes.set(extra, 20);
      return concat(bytes, inside);
    },
    addChecksum: (segment: Bytes, pseudo: Pseudo) =>
      setInternetChecksum(segment, 16, pseudo(PROTOCOL.tcp, segment.length)),
  };
}

export interface UdpOptions {
  source?: number;
  destination?: number;
  length?: number;
}

export function udp(options: UdpOptions = {}): Layer {
  return {
    protocol: PROTOCOL.udp,
    encode(inside) {
      const header = new DataView(new ArrayBuffer(8));
      header.setUint16(0, options.source ?? 40_000);
      header.setUint16(2, options.destination ?? 53);
      header.setUint16(4, options.length ?? 8 + inside.length);
      return concat(new Uint8Array(header.buffer), inside);
    },
    addChecksum(segment, pseudo) {
      setInternetChecksum(segment, 6, pseudo(PROTOCOL.udp, segment.length));
      if (!segment[6] && !segment[7]) segment.fill(0xff, 6, 8); // 0 would mean: none
    },
  };
}

export function sctp(options: { source?: number; destination?: number; tag?: number } = {}): Layer {
  return {
    protocol: PROTOCOL.sctp,
    encode(inside) {
      const header = new DataView(new ArrayBuffer(12));
      header.setUint16(0, options.source ?? 40_000);
      header.setUint16(2, options.destination ?? 2_905);
      header.setUint32(4, options.tag ?? 1);
      const bytes = concat(new Uint8Array(header.buffer), inside);
      new DataView(bytes.buffer).setUint32(8, crc32c(bytes), true);
      return bytes;
    },
  };
}

/** An ICMP message: type, code, checksum, identifier, sequence number. */
export function icmp(type: number, code = 0, identifier = 1, sequence = 1): Layer {
  return {
    protocol: PROTOCOL.icmp,
    encode(inside) {
      const bytes = concat(icmpHeader(type, code, identifier, sequence), inside);
      setInternetChecksum(bytes, 2);
      return bytes;
    },
  };
}

export function icmp6(type: number, code = 0, identifier = 1, sequence = 1): Layer {
  return {
    protocol: PROTOCOL.icmp6,
    encode: (inside) => concat(icmpHeader(type, code, identifier, sequence), inside),
    addChecksum: (segment, pseudo) => setInternetChecksum(segment, 2, pseudo(PROTOCOL.icmp6, segment.length)),
  };
}

function icmpHeader(type: number, code: number, identifier: number, sequence: number): Bytes {
  const header = new DataView(new ArrayBuffer(8));
  header.setUint8(0, type);
  header.setUint8(1, code);
  header.setUint16(4, identifier);
  header.setUint16(6, sequence);
  return new Uint8Array(header.buffer);
}

/** Any protocol: its number, and bytes without meaning to us. */
export function raw(protocol: number, ...bytes: number[]): Layer {
  return { protocol, encode: (inside) => concat(Uint8Array.from(bytes), inside) };
}

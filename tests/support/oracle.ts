/**
 * A second opinion: what the kernel program must make of one frame, written from the RFCs and from what the headers in
 * bpf/ promise to count, with none of the program's own ways.
 */
import { addressText } from "../../src/address.ts";
import type { Bytes } from "./packet.ts";

/** How a frame came, besides its bytes. */
export interface Sighting {
  /** Bytes of the frame on the wire; more than `frame` holds where it was cut. Default: all are there. */
  trueBytes?: number;
  /** "ip": the frame begins with its network header, and the device says which. Default "ethernet". */
  link?: "ethernet" | "ip";
  /** Of link "ip". */
  ethertype?: number;
  /** Length fields of 0 are meant: BIG TCP, or a capture of segmented frames. */
  offloaded?: boolean;
}

export interface Tcp {
  flags: number;
  sequence: number;
  acknowledgment: number;
  window: number;
}

/** What a frame says that is no stray. */
export interface Flow {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  /** A fragment without its transport header. */
  fragment: boolean;
  vlan: number;
  vlanInner: number;
  ethertype: number;
  ttl: number;
  trafficClass: number;
  flowLabel: number;
  tcp?: Tcp;
  /** Bytes from the start of the frame to the end of the transport header. */
  headerBytes: number;
  /** Bytes behind the transport header. */
  payloadBytes: number;
}

export type Verdict =
  | { term: "accounted"; flow: Flow }
  | { term: "not_ip"; ethertype: number }
  | { term: "malformed"; malformed: string };

class Malformed extends Error {}

const TAGS_IN_FRAME_MAX = 2;
const EXTENSIONS_MAX = 8;
/** RFC 8200 and IANA's list of extension header types, without ESP (nothing behind it can be read) and experiments. */
const EXTENSIONS = new Set([0, 43, 44, 51, 60, 135, 139, 140]);
const FRAGMENT = 44;
const AUTHENTICATION = 51;

/** The bytes of one frame, of which the last may be missing. */
class Frame {
  readonly #view: DataView;
  readonly trueBytes: number;

  constructor(bytes: Bytes, trueBytes: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.trueBytes = trueBytes;
  }

  /** Refuses, by name, to go on where `size` bytes at `at` are not all there. */
  need(at: number, size: number, otherwise: string): void {
    if (at + size > this.#view.byteLength) throw new Malformed(otherwise);
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at);
  }

  u32(at: number): number {
    return this.#view.getUint32(at);
  }

  /** 4 or 16 bytes as text. */
  address(at: number, size: 4 | 16): string {
    const bytes = new Uint8Array(16);
    if (size === 4) bytes.fill(0xff, 10, 12);
    for (let i = 0; i < size; i++) bytes[16 - size + i] = this.u8(at + i);
    return addressText(bytes);
  }
}

/** What IP says, and where the transport header begins and ends. */
interface Network extends Pick<Flow, "source" | "destination" | "protocol" | "fragment"> {
  ttl: number;
  trafficClass: number;
  flowLabel: number;
  transportAt: number;
  transportBytes: number;
}

export function judge(bytes: Bytes, sighting: Sighting = {}): Verdict {
  const frame = new Frame(bytes, sighting.trueBytes ?? bytes.length);
  try {
    const link = sighting.link === "ip"
      ? { ethertype: sighting.ethertype ?? 0, vlans: [], networkAt: 0 }
      : readLink(frame);
    const offloaded = sighting.offloaded ?? false;
    const network = link.ethertype === 0x0800
      ? readIpv4(frame, link.networkAt, offloaded)
      : link.ethertype === 0x86dd
      ? readIpv6(frame, link.networkAt, offloaded)
      : undefined;
    if (!network) return { term: "not_ip", ethertype: link.ethertype };
    const { transportAt, transportBytes, ...who } = network;
    const [vlan = 0, vlanInner = 0] = link.vlans;
    const transport = who.fragment
      ? { sourcePort: 0, destinationPort: 0, headerBytes: 0 }
      : readTransport(frame, who.protocol, transportAt, transportBytes);
    const { headerBytes, ...ports } = transport;
    return {
      term: "accounted",
      flow: {
        ...who,
        ...ports,
        vlan,
        vlanInner,
        ethertype: link.ethertype,
        headerBytes: transportAt + headerBytes,
        payloadBytes: transportBytes - headerBytes,
      },
    };
  } catch (error) {
    if (error instanceof Malformed) return { term: "malformed", malformed: error.message };
    throw error;
  }
}

/** IEEE 802.3, 802.1Q, 802.1ad. A tag with id 0 carries a priority, not a network. */
function readLink(frame: Frame): { ethertype: number; vlans: number[]; networkAt: number } {
  frame.need(0, 14, "link_truncated");
  let ethertype = frame.u16(12);
  let at = 14;
  const vlans: number[] = [];
  for (let tags = 0; tags < TAGS_IN_FRAME_MAX && (ethertype === 0x8100 || ethertype === 0x88a8); tags++) {
    frame.need(at, 4, "link_truncated");
    const id = frame.u16(at) % 4096;
    if (id) vlans.push(id);
    ethertype = frame.u16(at + 2);
    at += 4;
  }
  return { ethertype, vlans, networkAt: at };
}

/** RFC 791 */
function readIpv4(frame: Frame, at: number, offloaded: boolean): Network {
  frame.need(at, 20, "ipv4_truncated");
  if (frame.u8(at) >> 4 !== 4) throw new Malformed("ip_version");
  const headerBytes = (frame.u8(at) & 15) * 4;
  if (headerBytes < 20) throw new Malformed("ipv4_header_length");
  const there = frame.trueBytes - at;
  const declared = frame.u16(at + 2);
  const totalBytes = declared === 0 && offloaded ? there : declared;
  if (totalBytes < headerBytes || totalBytes > there) throw new Malformed("ipv4_total_length");
  return {
    source: frame.address(at + 12, 4),
    destination: frame.address(at + 16, 4),
    protocol: frame.u8(at + 9),
    fragment: frame.u16(at + 6) % 0x2000 !== 0,
    ttl: frame.u8(at + 8),
    trafficClass: frame.u8(at + 1),
    flowLabel: 0,
    transportAt: at + headerBytes,
    transportBytes: totalBytes - headerBytes,
  };
}

/** RFC 8200; a payload length of 0 before hop-by-hop options means a jumbogram (RFC 2675). */
function readIpv6(frame: Frame, at: number, offloaded: boolean): Network {
  frame.need(at, 40, "ipv6_truncated");
  if (frame.u8(at) >> 4 !== 6) throw new Malformed("ip_version");
  const there = frame.trueBytes - at - 40;
  const declared = frame.u16(at + 4);
  const jumbo = declared === 0 && (offloaded || frame.u8(at + 6) === 0);
  const bytes = jumbo ? Math.max(there, 0) : declared;
  if (bytes > there) throw new Malformed("ipv6_payload_length");
  const first = frame.u32(at);
  return {
    source: frame.address(at + 8, 16),
    destination: frame.address(at + 24, 16),
    ttl: frame.u8(at + 7),
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first % 0x100000,
    ...readExtensions(frame, frame.u8(at + 6), at + 40, bytes),
  };
}

function readExtensions(
  frame: Frame,
  first: number,
  at: number,
  bytes: number,
): Pick<Network, "protocol" | "fragment" | "transportAt" | "transportBytes"> {
  const end = at + bytes;
  let protocol = first;
  let fragment = false;
  for (let seen = 0; seen < EXTENSIONS_MAX && EXTENSIONS.has(protocol) && !fragment; seen++) {
    if (end - at < 8) throw new Malformed("ipv6_extension_truncated");
    frame.need(at, 8, "ipv6_extension_truncated");
    const length = frame.u8(at + 1);
    const size = protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
    if (size > end - at) throw new Malformed("ipv6_extension_truncated");
    fragment = protocol === FRAGMENT && frame.u16(at + 2) >> 3 !== 0;
    protocol = frame.u8(at);
    at += size;
  }
  return { protocol, fragment, transportAt: at, transportBytes: end - at };
}

interface Transport extends Pick<Flow, "sourcePort" | "destinationPort"> {
  tcp?: Tcp;
  headerBytes: number;
}

/** RFC 9293, 768, 9260; ICMP's type and code (RFC 792, 4443) stand for ports; all else has none. */
function readTransport(frame: Frame, protocol: number, at: number, bytes: number): Transport {
  const fixedBytes: Record<number, number> = { 1: 4, 6: 20, 17: 8, 58: 4, 132: 12 };
  const headerBytes = fixedBytes[protocol];
  if (headerBytes === undefined) return { sourcePort: 0, destinationPort: 0, headerBytes: 0 };
  if (bytes < headerBytes) throw new Malformed("transport_truncated");
  frame.need(at, headerBytes, "transport_truncated");
  if (protocol === 1 || protocol === 58) {
    return { sourcePort: frame.u8(at), destinationPort: frame.u8(at + 1), headerBytes };
  }
  const ports = { sourcePort: frame.u16(at), destinationPort: frame.u16(at + 2) };
  if (protocol !== 6) return { ...ports, headerBytes };

  const tcpBytes = (frame.u8(at + 12) >> 4) * 4;
  if (tcpBytes < 20 || tcpBytes > bytes) throw new Malformed("tcp_header_length");
  const tcp = {
    flags: frame.u8(at + 13),
    sequence: frame.u32(at + 4),
    acknowledgment: frame.u32(at + 8),
    window: frame.u16(at + 14),
  };
  return { ...ports, tcp, headerBytes: tcpBytes };
}

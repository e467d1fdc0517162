/** The frames of many flows: one is built, the others are it with another source. Headers lie one behind the other. */
import { address, type Bytes, ethernet, icmp, icmp6, ipv4, ipv6, packet, tcp, udp } from "./packet.ts";

export interface FlowFramesOptions {
  protocol: "udp" | "tcp" | "icmp";
  version: 4 | 6;
  flows: number;
  /** Bytes of a frame, without check sequence: of flow i, the one at i modulo how many there are. */
  frameBytes: number[];
  sourceMac: string;
  destinationMac: string;
  /** Of flow 0; later ones count up. */
  source: string;
  destination: string;
  destinationPort: number;
  /** Of flow 0, where ports are; later flows count up, 50,000 for each address. */
  sourcePort: number;
}

/** Who a flow's packets are from and to. Ports are 0 without ports, type and code with ICMP. */
export interface FlowTuple {
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

/** Source ports of one address, before the next one is used. */
const PORTS = 50_000;
const LINK_BYTES = 14;
const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
/** Room for a header: Ethernet, IPv6, TCP, rounded up. */
export const HEADER_STRIDE_BYTES = 80;

export class FlowFrames {
  readonly options: FlowFramesOptions;
  /** Flow i's header begins at i × HEADER_STRIDE_BYTES. */
  readonly headers: Bytes;
  readonly headerBytes: number;
  /** What follows each header; the first bytes of it. */
  readonly payload: Bytes;
  readonly transportAt: number;
  /** Where the transport's checksum stands. */
  readonly checksumAt: number;

  constructor(options: FlowFramesOptions) {
    this.options = options;
    const isTcp = options.protocol === "tcp";
    this.transportAt = LINK_BYTES + (options.version === 4 ? 20 : 40);
    this.headerBytes = this.transportAt + (isTcp ? 20 : 8);
    this.checksumAt = this.transportAt + { udp: 6, tcp: 16, icmp: 2 }[options.protocol];
    const sizes = options.frameBytes;
    if (sizes.some((size) => size < this.headerBytes || size > 65_535)) {
      throw new RangeError(`Cannot make frames of ${sizes} bytes: ${this.headerBytes} to 65535 are possible`);
    }
    const templates = sizes.map((size) => this.#template(size));
    const longest = templates.reduce((a, b) => a.length > b.length ? a : b);
    this.payload = longest.slice(this.headerBytes);
    this.headers = new Uint8Array(options.flows * HEADER_STRIDE_BYTES);
    for (let flow = 0; flow < options.flows; flow++) this.#fill(flow, templates[flow % templates.length]!);
  }

  /** Bytes of this flow's frames. */
  frameBytes(flow: number): number {
    const sizes = this.options.frameBytes;
    return sizes[flow % sizes.length]!;
  }

  tuple(flow: number): FlowTuple {
    const { protocol, version, source, destination, destinationPort } = this.options;
    const text = addressAfter(source, this.#addressStep(flow));
    if (protocol === "icmp") {
      return { source: text, sourcePort: ECHO_REQUEST[version], destination, destinationPort: 0 };
    }
    return { source: text, sourcePort: this.#port(flow), destination, destinationPort };
  }

  #port(flow: number): number {
    return this.options.sourcePort + flow % PORTS;
  }

  #addressStep(flow: number): number {
    return this.options.protocol === "icmp" ? flow : Math.floor(flow / PORTS);
  }

  #template(frameBytes: number): Bytes {
    const { protocol, version, source, destination, destinationPort, sourceMac, destinationMac } = this.options;
    const link = ethernet({ source: sourceMac, destination: destinationMac });
    const network = version === 4 ? ipv4({ source, destination }) : ipv6({ source, destination });
    const ports = { source: this.#port(0), destination: destinationPort };
    const transport = {
      udp: () => udp(ports),
      tcp: () => tcp({ ...ports, sequence: 0, flags: "AP" }),
      icmp: () => version === 4 ? icmp(ECHO_REQUEST[4]) : icmp6(ECHO_REQUEST[6]),
    }[protocol]();
    return packet(link, network, transport, frameBytes - this.headerBytes);
  }

  /** Writes a flow's header: the template's, with another source and the checksums that come of it. */
  #fill(flow: number, template: Bytes): void {
    const at = flow * HEADER_STRIDE_BYTES;
    const { headers, options: { version, protocol } } = this;
    headers.set(template.subarray(0, this.headerBytes), at);
    const step = this.#addressStep(flow);
    if (step > 0) {
      const addressAt = at + LINK_BYTES + (version === 4 ? 12 : 20);
      const before = [word(headers, addressAt), word(headers, addressAt + 2)];
      const low = before[0]! * 65_536 + before[1]! + step;
      setWord(headers, addressAt, Math.floor(low / 65_536));
      setWord(headers, addressAt + 2, low % 65_536);
      const changes = [[before[0]!, word(headers, addressAt)], [before[1]!, word(headers, addressAt + 2)]] as const;
      for (const [from, to] of changes) {
        if (version === 4) correct(headers, at + LINK_BYTES + 10, from, to);
        if (version === 6 || protocol !== "icmp") correct(headers, at + this.checksumAt, from, to);
      }
    }
    if (protocol === "icmp") return;
    correct(headers, at + this.checksumAt, this.#port(0), this.#port(flow));
    setWord(headers, at + this.transportAt, this.#port(flow));
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

/** Makes a checksum right again after a word that it covers changed (RFC 1624). */
export function correct(bytes: Uint8Array, checksumAt: number, from: number, to: number): void {
  let sum = (~word(bytes, checksumAt) & 0xffff) + (~from & 0xffff) + to;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  setWord(bytes, checksumAt, ~sum & 0xffff);
}

/** The address `step` after another, within its last 32 bits. In the form that records have it. */
function addressAfter(first: string, step: number): string {
  const bytes = address(first);
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, view.getUint32(bytes.length - 4) + step);
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1); // in the shortest form
}

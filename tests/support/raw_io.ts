/**
 * Frames straight into a device: AF_PACKET sockets, many frames a call, and tun and tap devices held open. The tests'
 * own door to native code, beside weir's.
 */
import { enterNetworkNamespace, errno, errnoText, openReadOnly } from "../../src/libc.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  sendmmsg: { parameters: ["i32", "usize", /* address of messages */ "u32", /* how many */ "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

let opened: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

function native(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  opened ??= Deno.dlopen("libc.so.6", SYMBOLS);
  return opened.symbols;
}

function check(result: number | bigint, what: string): number {
  if (result >= 0) return Number(result);
  throw new Error(`Cannot ${what}: ${errnoText(errno())}`);
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Runs `work`, which must not await, with this thread in a network namespace: a name of `ip netns`, or a path. */
export function within<T>(namespace: string | undefined, work: () => T): T {
  if (namespace === undefined) return work();
  const own = openReadOnly("/proc/thread-self/ns/net");
  const target = openReadOnly(namespace.includes("/") ? namespace : `/run/netns/${namespace}`);
  try {
    enterNetworkNamespace(target);
    return work();
  } finally {
    enterNetworkNamespace(own);
    native().close(own);
    native().close(target);
  }
}

/** Where a buffer's bytes lie. They stay there as long as the buffer lives. */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): number {
  // asking for the buffer moves a small array off the collector's heap, where it would be moved at any time
  const settled = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(settled)));
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;
const PACKET_QDISC_BYPASS = 20;
const SOCKADDR_LL_BYTES = 20;
const SEND_BUFFER_BYTES = 16 * 1024 * 1024;
const ENOBUFS = 105;
const EAGAIN = 11;
const MSG_DONTWAIT = 0x40;

export interface RawSocketOptions {
  interface: string;
  /** The namespace that the device is in. */
  namespace?: string | undefined;
  /** Frames pass neither the qdisc nor the egress hook. */
  qdiscBypass?: boolean;
  /** Each frame begins with a struct virtio_net_hdr (see virtioHeader). */
  virtioHeaders?: boolean;
}

/** A socket that sends whole frames out of a device. */
export class RawSocket implements Disposable {
  readonly #fd: number;

  constructor(options: RawSocketOptions) {
    this.#fd = within(options.namespace, () => openSocket(options));
  }

  /** Sends one frame. Throws when the device does not take it. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    check(native().write(this.#fd, frame, BigInt(frame.length)), `send a frame of ${frame.length} bytes`);
  }

  /** Sends messages (struct mmsghdr) from an address on. Returns how many went; what the device refused, did not. */
  sendMany(messagesAddress: number, count: number): number {
    const sent = native().sendmmsg(this.#fd, BigInt(messagesAddress), count, MSG_DONTWAIT);
    if (sent >= 0) return sent;
    const code = errno();
    if (code === ENOBUFS || code === EAGAIN) return 0;
    return check(sent, "send frames");
  }

  [Symbol.dispose](): void {
    native().close(this.#fd);
  }
}

function openSocket(options: RawSocketOptions): number {
  const index = native().if_nametoindex(cString(options.interface));
  if (index === 0) check(-1, `find device ${options.interface}`);
  // protocol 0: it receives nothing
  const fd = check(native().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
  const set = (level: number, option: number, value: number) =>
    check(native().setsockopt(fd, level, option, new Uint8Array(new Int32Array([value]).buffer), 4), "set an option");
  set(SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_BYTES);
  if (options.qdiscBypass) set(SOL_PACKET, PACKET_QDISC_BYPASS, 1);
  if (options.virtioHeaders) set(SOL_PACKET, PACKET_VNET_HDR, 1);
  const address = new DataView(new ArrayBuffer(SOCKADDR_LL_BYTES));
  address.setUint16(0, AF_PACKET, true);
  address.setInt32(4, index, true);
  check(native().bind(fd, new Uint8Array(address.buffer), SOCKADDR_LL_BYTES), `bind to ${options.interface}`);
  return fd;
}

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const TUNSETIFF = 0x400454ca;
const IFREQ_BYTES = 40;
const IFF_TUN = 1;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

export interface TunOptions {
  interface: string;
  namespace?: string;
  /** tun: packets without link header. tap: frames. */
  kind: "tun" | "tap";
  /** What is written begins with a struct virtio_net_hdr. */
  virtioHeaders?: boolean;
}

/** A tun or tap device, there as long as this is: what is written comes in by it. */
export class TunDevice implements Disposable {
  readonly #fd: number;

  constructor(options: TunOptions) {
    this.#fd = within(options.namespace, () => {
      const fd = check(native().open(cString("/dev/net/tun"), O_RDWR | O_CLOEXEC), "open /dev/net/tun");
      const request = new DataView(new ArrayBuffer(IFREQ_BYTES));
      new Uint8Array(request.buffer).set(new TextEncoder().encode(options.interface));
      const kind = options.kind === "tun" ? IFF_TUN : IFF_TAP;
      request.setUint16(16, kind | IFF_NO_PI | (options.virtioHeaders ? IFF_VNET_HDR : 0), true);
      check(native().ioctl(fd, BigInt(TUNSETIFF), new Uint8Array(request.buffer)), `create ${options.interface}`);
      return fd;
    });
  }

  write(packet: Uint8Array<ArrayBuffer>): void {
    check(native().write(this.#fd, packet, BigInt(packet.length)), `write ${packet.length} bytes to a tun device`);
  }

  [Symbol.dispose](): void {
    native().close(this.#fd);
  }
}

const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
const GSO_TYPES = { none: 0, tcp4: 1, udp4: 3, tcp6: 4, udp: 5 } as const;

/** struct virtio_net_hdr: what a virtual machine says of a large frame that others shall cut up. */
export function virtioHeader(options: {
  gso: keyof typeof GSO_TYPES;
  headerBytes: number;
  segmentBytes: number;
  checksumStart: number;
  checksumOffset: number;
}): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(10));
  header.setUint8(0, VIRTIO_NET_HDR_F_NEEDS_CSUM);
  header.setUint8(1, GSO_TYPES[options.gso]);
  header.setUint16(2, options.headerBytes, true);
  header.setUint16(4, options.segmentBytes, true);
  header.setUint16(6, options.checksumStart, true);
  header.setUint16(8, options.checksumOffset, true);
  return new Uint8Array(header.buffer);
}

/** Capture files for tests, in every form that the readers know, right or wrong. */
import type { Bytes } from "./packet.ts";

/** A frame to be written. */
export interface WrittenFrame {
  data: Bytes;
  /** Since 1970. */
  timeNs: bigint;
  /** Its length when it passed. Default: all of data. */
  frameBytes?: number;
  /** pcapng: place in the section's interfaces. Kuznetzov: ifindex. Default 0. */
  interface?: number;
  /** pcapng, Kuznetzov: the recording host sent it. */
  outgoing?: boolean;
}

export const LINK_TYPE = {
  null: 0,
  ethernet: 1,
  raw: 101,
  loop: 108,
  sll: 113,
  ipv4: 228,
  ipv6: 229,
  sll2: 276,
} as const;

/** Any number of parts: more than a call takes arguments. */
function join(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Fields in the file's byte order. */
class Fields {
  readonly #parts: Bytes[] = [];
  readonly #little: boolean;

  constructor(little: boolean) {
    this.#little = little;
  }

  #number(bytes: number, set: (view: DataView) => void): this {
    const view = new DataView(new ArrayBuffer(bytes));
    set(view);
    return this.bytes(new Uint8Array(view.buffer));
  }

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value, this.#little));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, this.#little));
  }

  u64(value: bigint): this {
    return this.#number(8, (view) => view.setBigInt64(0, BigInt.asIntN(64, value), this.#little));
  }

  bytes(bytes: Bytes): this {
    this.#parts.push(bytes);
    return this;
  }

  /** Up to the next multiple of four. */
  pad(): this {
    const odd = this.#parts.reduce((total, part) => total + part.length, 0) % 4;
    return odd ? this.bytes(new Uint8Array(4 - odd)) : this;
  }

  all(): Bytes {
    return join(this.#parts);
  }
}

export interface PcapOptions {
  linkType?: number;
  bigEndian?: boolean;
  nanoseconds?: boolean;
  /** Alexey Kuznetzov's records. */
  kuznetzov?: boolean;
  snapBytes?: number;
  versionMajor?: number;
}

const SECOND_NS = 1_000_000_000n;

/** A classic capture file. */
export function pcapFile(frames: readonly WrittenFrame[], options: PcapOptions = {}): Bytes {
  const little = !options.bigEndian;
  const magic = options.kuznetzov ? 0xa1b2cd34 : options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const file = new Fields(little).u32(magic).u16(options.versionMajor ?? 2).u16(4).u32(0).u32(0)
    .u32(options.snapBytes ?? 262_144).u32(options.linkType ?? LINK_TYPE.ethernet);
  for (const frame of frames) {
    const fraction = frame.timeNs % SECOND_NS;
    file.u32(Number(frame.timeNs / SECOND_NS)).u32(Number(options.nanoseconds ? fraction : fraction / 1000n));
    file.u32(frame.data.length).u32(frame.frameBytes ?? frame.data.length);
    if (options.kuznetzov) file.u32(frame.interface ?? 0).u16(0).u8(frame.outgoing ? 4 : 0).u8(0);
    file.bytes(frame.data);
  }
  return file.all();
}

/** An option of a pcapng block. */
export interface WrittenOption {
  code: number;
  value: Bytes;
}

export interface WrittenInterface {
  linkType?: number;
  name?: string;
  snapBytes?: number;
  /** if_tsresol as it stands in the file; what times are written by. Default: 6, microseconds. */
  resolution?: number;
  /** if_tsoffset: seconds that are left out of the times. */
  offsetS?: bigint;
}

export interface PcapngOptions {
  bigEndian?: boolean;
  interfaces?: readonly WrittenInterface[];
  /** Which kind of block holds packets. */
  packets?: "enhanced" | "simple" | "old";
}

/** A block: type, length, body, options, length again. */
export function block(type: number, body: Bytes, options: readonly WrittenOption[] = [], bigEndian = false): Bytes {
  const little = !bigEndian;
  const inside = new Fields(little).bytes(body).pad();
  for (const { code, value } of options) inside.u16(code).u16(value.length).bytes(value).pad();
  if (options.length) inside.u16(0).u16(0);
  const all = inside.all();
  return new Fields(little).u32(type).u32(all.length + 12).bytes(all).u32(all.length + 12).all();
}

export function sectionHeader(bigEndian = false, versionMajor = 1): Bytes {
  const body = new Fields(!bigEndian).u32(0x1a2b3c4d).u16(versionMajor).u16(0).u64(-1n).all();
  return block(0x0a0d0d0a, body, [], bigEndian);
}

export function interfaceBlock(options: WrittenInterface = {}, bigEndian = false): Bytes {
  const little = !bigEndian;
  const body = new Fields(little).u16(options.linkType ?? LINK_TYPE.ethernet).u16(0).u32(options.snapBytes ?? 0).all();
  const written: WrittenOption[] = [];
  if (options.name !== undefined) written.push({ code: 2, value: new TextEncoder().encode(options.name) });
  if (options.resolution !== undefined) written.push({ code: 9, value: Uint8Array.of(options.resolution) });
  if (options.offsetS !== undefined) written.push({ code: 14, value: new Fields(little).u64(options.offsetS).all() });
  return block(1, body, written, bigEndian);
}

/** Ticks of an interface's clock. */
function ticksOf(timeNs: bigint, { resolution = 6, offsetS = 0n }: WrittenInterface): bigint {
  const ns = timeNs - offsetS * SECOND_NS;
  const power = BigInt(resolution & 0x7f);
  return resolution & 0x80 ? (ns << power) / SECOND_NS : ns * 10n ** power / SECOND_NS;
}

export function packetBlock(frame: WrittenFrame, options: PcapngOptions = {}): Bytes {
  const { bigEndian = false, interfaces = [{}], packets = "enhanced" } = options;
  const little = !bigEndian;
  const frameBytes = frame.frameBytes ?? frame.data.length;
  if (packets === "simple") return block(3, new Fields(little).u32(frameBytes).bytes(frame.data).all(), [], bigEndian);
  const which = frame.interface ?? 0;
  const ticks = ticksOf(frame.timeNs, interfaces[which] ?? {});
  const body = new Fields(little);
  if (packets === "enhanced") body.u32(which);
  else body.u16(which).u16(0);
  body.u32(Number(ticks >> 32n)).u32(Number(ticks & 0xffff_ffffn)).u32(frame.data.length).u32(frameBytes);
  const flags = frame.outgoing === undefined
    ? []
    : [{ code: 2, value: new Fields(little).u32(frame.outgoing ? 2 : 1).all() }];
  return block(packets === "enhanced" ? 6 : 2, body.bytes(frame.data).all(), flags, bigEndian);
}

/** A pcapng file of one section. Sections one behind the other are a file, too. */
export function pcapngFile(frames: readonly WrittenFrame[], options: PcapngOptions = {}): Bytes {
  const { bigEndian = false, interfaces = [{}] } = options;
  return join([
    sectionHeader(bigEndian),
    ...interfaces.map((described) => interfaceBlock(described, bigEndian)),
    ...frames.map((frame) => packetBlock(frame, options)),
  ]);
}

/**
 * The block format (draft-ietf-opsawg-pcapng). Sections follow one another, each with its own byte order and its own
 * list of interfaces; packets name theirs by its place in that list.
 *
 *     ┌─ block ───────────────────────────────────────────┐
 *     │ type 4 │ length 4 │ body, options … │ length 4    │   the length is the whole block's, twice
 *     └───────────────────────────────────────────────────┘
 */
import type { ByteWindow } from "./byte_window.ts";
import { CaptureFileError } from "./capture_file_error.ts";
import { findOption, optionLength, padded } from "./pcapng_options.ts";
import {
  boundTime,
  CAPTURED_BYTES_MAX,
  emptyFrame,
  type FrameReader,
  type RecordedInterface,
} from "./recorded_frame.ts";
import { DEFAULT_RESOLUTION, type TimeUnit, timeUnit } from "./time_unit.ts";

export const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;
const BLOCK_HEADER_BYTES = 8;
/** Type, length and length again. */
const BLOCK_BYTES_MIN = 12;
/** Blocks that are read are read whole: a frame and a good many options. Longer ones of other types are passed over. */
export const BLOCK_BYTES_MAX = 1 << 20;
/** Interfaces of one section. */
const SECTION_INTERFACES_MAX = 65_536;

const OPTION_NAME = 2;
const OPTION_RESOLUTION = 9;
const OPTION_OFFSET = 14;
/** Of packets, old ones and enhanced ones: the two lowest bits say whether they came in (1) or went out (2). */
const OPTION_FLAGS = 2;
const FLAGS_DIRECTION = 3;
const FLAGS_OUTBOUND = 2;

const NAMES: Record<number, string> = {
  [SECTION_HEADER]: "section header",
  [INTERFACE_DESCRIPTION]: "interface description",
  [OLD_PACKET]: "packet",
  [SIMPLE_PACKET]: "simple packet",
  [ENHANCED_PACKET]: "enhanced packet",
};

interface SectionInterface extends RecordedInterface {
  snapBytes: number;
  unit: TimeUnit;
}

export class PcapngReader implements FrameReader {
  readonly frame = emptyFrame();
  readonly #window: ByteWindow;
  #littleEndian = true;
  #interfaces: SectionInterface[] = [];
  /** Bytes still to pass over: the block that frame lies in, or one that nobody reads. */
  #toSkip = 0;
  #inBlock = 0;

  constructor(window: ByteWindow) {
    this.#window = window;
  }

  next(): boolean {
    const window = this.#window;
    for (;;) {
      this.#toSkip -= window.skip(this.#toSkip);
      if (this.#toSkip > 0) return false;
      if (window.available < BLOCK_BYTES_MIN) return false;
      const type = this.#readByteOrder();
      const length = this.#blockLength(type);
      if (length > BLOCK_BYTES_MAX) {
        this.#inBlock = this.#toSkip = length;
        continue;
      }
      if (window.available < length) return false;
      this.#checkTrailer(type, length);
      this.#inBlock = this.#toSkip = length;
      if (this.#readBlock(type, length)) return true;
    }
  }

  /** Type of the block that begins here. A section header says first how to read everything from itself on. */
  #readByteOrder(): number {
    const window = this.#window;
    const type = window.u32(0, this.#littleEndian);
    if (type !== SECTION_HEADER) return type; // the number is the same in both byte orders
    if (window.u32(8, true) === BYTE_ORDER_MAGIC) this.#littleEndian = true;
    else if (window.u32(8, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false;
    else throw new CaptureFileError(window.offset + 8, "a section header without the byte order's magic number");
    return type;
  }

  #blockLength(type: number): number {
    const { offset } = this.#window;
    const length = this.#window.u32(4, this.#littleEndian);
    if (length < BLOCK_BYTES_MIN || length % 4 !== 0) {
      throw new CaptureFileError(
        offset,
        `${blockName(type)} claims ${length} bytes: at least ${BLOCK_BYTES_MIN}, in fours, are possible`,
      );
    }
    if (length > BLOCK_BYTES_MAX && type in NAMES) {
      throw new CaptureFileError(
        offset,
        `${blockName(type)} claims ${length} bytes, more than the ${BLOCK_BYTES_MAX} that are read`,
      );
    }
    return length;
  }

  #checkTrailer(type: number, length: number): void {
    const again = this.#window.u32(length - 4, this.#littleEndian);
    if (again === length) return;
    throw new CaptureFileError(
      this.#window.offset + length - 4,
      `${blockName(type)} says ${length} bytes at its start and ${again} at its end`,
    );
  }

  /** True when the block was a packet. */
  #readBlock(type: number, length: number): boolean {
    switch (type) {
      case SECTION_HEADER:
        this.#readSection(length);
        return false;
      case INTERFACE_DESCRIPTION:
        this.#readInterface(length);
        return false;
      case ENHANCED_PACKET:
        this.#readPacket(type, length, this.#word(type, length, BLOCK_HEADER_BYTES));
        return true;
      case OLD_PACKET:
        this.#need(type, length, BLOCK_HEADER_BYTES + 4);
        // two bytes of drops follow
        this.#readPacket(type, length, this.#window.u16(BLOCK_HEADER_BYTES, this.#littleEndian));
        return true;
      case SIMPLE_PACKET:
        this.#readSimplePacket(length);
        return true;
      default:
        return false;
    }
  }

  /** Throws unless the block's body, its trailer apart, reaches up to this byte. */
  #need(type: number, length: number, end: number): void {
    if (end <= length - 4) return;
    throw new CaptureFileError(
      this.#window.offset,
      `${blockName(type)} of ${length} bytes has no room for its fields`,
    );
  }

  #word(type: number, length: number, at: number): number {
    this.#need(type, length, at + 4);
    return this.#window.u32(at, this.#littleEndian);
  }

  #readSection(length: number): void {
    this.#need(SECTION_HEADER, length, 24);
    const major = this.#window.u16(12, this.#littleEndian);
    if (major !== VERSION_MAJOR) {
      const minor = this.#window.u16(14, this.#littleEndian);
      throw new CaptureFileError(
        this.#window.offset + 12,
        `version ${major}.${minor} of pcapng is unknown; 1.0 is known`,
      );
    }
    this.#interfaces = [];
  }

  #readInterface(length: number): void {
    const window = this.#window;
    const littleEndian = this.#littleEndian;
    this.#need(INTERFACE_DESCRIPTION, length, 16);
    if (this.#interfaces.length >= SECTION_INTERFACES_MAX) {
      throw new CaptureFileError(window.offset, `more than ${SECTION_INTERFACES_MAX} interfaces in one section`);
    }
    const option = (code: number) => findOption(window, 16, length - 4, code, littleEndian);
    const name = option(OPTION_NAME);
    const resolution = option(OPTION_RESOLUTION);
    const offset = option(OPTION_OFFSET);
    const has = (value: number, bytes: number) => value >= 0 && optionLength(window, value, littleEndian) === bytes;
    this.#interfaces.push({
      index: this.#interfaces.length,
      name: name < 0 ? undefined : textOf(window.slice(name, optionLength(window, name, littleEndian))),
      linkType: window.u16(8, littleEndian),
      snapBytes: window.u32(12, littleEndian),
      unit: timeUnit(
        has(resolution, 1) ? window.u8(resolution) : DEFAULT_RESOLUTION,
        has(offset, 8) ? window.i64(offset, littleEndian) : 0n,
      ),
    });
  }

  /** Enhanced packets and the older ones before them differ only in how they name their interface. */
  #readPacket(type: number, length: number, interfaceIndex: number): void {
    const window = this.#window;
    const littleEndian = this.#littleEndian;
    const { frame } = this;
    const data = BLOCK_HEADER_BYTES + 20;
    this.#need(type, length, data);
    const source = this.#interfaceAt(type, interfaceIndex);
    const captured = window.u32(BLOCK_HEADER_BYTES + 12, littleEndian);
    this.#checkCaptured(type, captured, length - 4 - data);
    const high = BigInt(window.u32(BLOCK_HEADER_BYTES + 4, littleEndian));
    const low = BigInt(window.u32(BLOCK_HEADER_BYTES + 8, littleEndian));
    frame.timeNs = boundTime(source.unit.ns(high << 32n | low));
    frame.frameBytes = Math.max(window.u32(BLOCK_HEADER_BYTES + 16, littleEndian), captured);
    frame.interface = source;
    frame.ifindex = 0;
    frame.data = window.slice(data, captured);
    frame.outgoing = this.#isOutgoing(data + padded(captured), length - 4);
  }

  #isOutgoing(from: number, to: number): boolean {
    if (from >= to) return false;
    const littleEndian = this.#littleEndian;
    const flags = findOption(this.#window, from, to, OPTION_FLAGS, littleEndian);
    if (flags < 0 || optionLength(this.#window, flags, littleEndian) !== 4) return false;
    return (this.#window.u32(flags, littleEndian) & FLAGS_DIRECTION) === FLAGS_OUTBOUND;
  }

  /** Neither time nor captured length: the time of the packet before it, and as much as the interface keeps. */
  #readSimplePacket(length: number): void {
    const { frame } = this;
    const data = BLOCK_HEADER_BYTES + 4;
    const frameBytes = this.#word(SIMPLE_PACKET, length, BLOCK_HEADER_BYTES);
    const source = this.#interfaceAt(SIMPLE_PACKET, 0);
    const captured = source.snapBytes ? Math.min(source.snapBytes, frameBytes) : frameBytes;
    this.#checkCaptured(SIMPLE_PACKET, captured, length - 4 - data);
    frame.frameBytes = frameBytes;
    frame.interface = source;
    frame.ifindex = 0;
    frame.data = this.#window.slice(data, captured);
    frame.outgoing = false;
  }

  #interfaceAt(type: number, index: number): SectionInterface {
    const found = this.#interfaces[index];
    if (found) return found;
    throw new CaptureFileError(
      this.#window.offset,
      `${blockName(type)} names interface ${index}, but its section has ${this.#interfaces.length}`,
    );
  }

  #checkCaptured(type: number, captured: number, room: number): void {
    if (captured <= room && captured <= CAPTURED_BYTES_MAX) return;
    const why = captured > room ? `its block holds ${room}` : `there can be ${CAPTURED_BYTES_MAX}`;
    throw new CaptureFileError(this.#window.offset, `${blockName(type)} claims ${captured} captured bytes, ${why}`);
  }

  end(): void {
    const window = this.#window;
    this.#toSkip -= window.skip(this.#toSkip);
    if (this.#toSkip > 0) {
      const held = this.#inBlock - this.#toSkip;
      throw new CaptureFileError(
        window.offset - held,
        `the file ends inside a block, ${held} of its ${this.#inBlock} bytes`,
      );
    }
    const { available, offset } = window;
    if (!available) return;
    if (available < BLOCK_BYTES_MIN) {
      throw new CaptureFileError(
        offset,
        `the file ends inside a block, ${available} of ${BLOCK_BYTES_MIN} bytes at least`,
      );
    }
    const length = window.u32(4, this.#littleEndian);
    throw new CaptureFileError(offset, `the file ends inside a block, ${available} of its ${length} bytes`);
  }
}

function blockName(type: number): string {
  return NAMES[type] ? `a block (${NAMES[type]})` : `a block of type 0x${type.toString(16)}`;
}

/** UTF-8 as the format wants it; what is not becomes a replacement character, what ends early a shorter name. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
  return text || undefined;
}

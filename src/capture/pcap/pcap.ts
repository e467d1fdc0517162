/**
 * The classic format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records.
 *
 *     ┌─ record ───────────────────────────────────────────────┐
 *     │ seconds 4 │ fraction 4 │ captured 4 │ length 4 │ bytes │
 *     └────────────────────────────────────────────────────────┘
 *
 * Alexey Kuznetzov's old variant has 8 bytes more per record: ifindex, protocol, packet type.
 */
import type { ByteWindow } from "./byte_window.ts";
import { CaptureFileError } from "./capture_file_error.ts";
import { boundTime, CAPTURED_BYTES_MAX, emptyFrame, type FrameReader } from "./recorded_frame.ts";

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const KUZNETZOV_HEADER_BYTES = 24;
const VERSION_MAJOR = 2;
/** Above the link type: how many bytes of checksum each frame ends with, and reserved bits. */
const LINK_TYPE_MASK = 0x03ff_ffff;
const PACKET_OUTGOING = 4;
const SECOND_NS = 1_000_000_000n;

/** What the magic number tells. */
export interface PcapVariant {
  littleEndian: boolean;
  fractionNs: bigint;
  kuznetzov: boolean;
}

const VARIANTS: Record<number, Omit<PcapVariant, "littleEndian">> = {
  0xa1b2c3d4: { fractionNs: 1_000n, kuznetzov: false },
  0xa1b23c4d: { fractionNs: 1n, kuznetzov: false },
  0xa1b2cd34: { fractionNs: 1_000n, kuznetzov: true },
};

/** The variant by the file's first word, read in both byte orders; undefined: another format. */
export function pcapVariant(magicLittle: number, magicBig: number): PcapVariant | undefined {
  const little = VARIANTS[magicLittle];
  if (little) return { littleEndian: true, ...little };
  const big = VARIANTS[magicBig];
  return big && { littleEndian: false, ...big };
}

export class PcapReader implements FrameReader {
  readonly frame = emptyFrame();
  readonly #window: ByteWindow;
  readonly #variant: PcapVariant;
  readonly #headerBytes: number;
  #headerRead = false;
  /** Length of the record that frame lies in. */
  #record = 0;

  constructor(window: ByteWindow, variant: PcapVariant) {
    this.#window = window;
    this.#variant = variant;
    this.#headerBytes = variant.kuznetzov ? KUZNETZOV_HEADER_BYTES : RECORD_HEADER_BYTES;
  }

  next(): boolean {
    const { frame } = this;
    const window = this.#window;
    const { littleEndian, fractionNs, kuznetzov } = this.#variant;
    if (!this.#headerRead && !this.#readHeader()) return false;
    window.skip(this.#record);
    this.#record = 0;
    if (window.available < this.#headerBytes) return false;

    const captured = window.u32(8, littleEndian);
    if (captured > CAPTURED_BYTES_MAX) {
      throw new CaptureFileError(
        window.offset,
        `a record claims ${captured} captured bytes, more than the ${CAPTURED_BYTES_MAX} that there can be`,
      );
    }
    if (window.available < this.#headerBytes + captured) return false;
    const fraction = BigInt(window.u32(4, littleEndian)) * fractionNs;
    frame.timeNs = boundTime(BigInt(window.u32(0, littleEndian)) * SECOND_NS + fraction);
    frame.frameBytes = Math.max(window.u32(12, littleEndian), captured);
    frame.ifindex = kuznetzov ? window.u32(16, littleEndian) : 0;
    frame.outgoing = kuznetzov && window.u8(22) === PACKET_OUTGOING;
    frame.data = window.slice(this.#headerBytes, captured);
    this.#record = this.#headerBytes + captured;
    return true;
  }

  #readHeader(): boolean {
    const window = this.#window;
    const { littleEndian } = this.#variant;
    if (window.available < FILE_HEADER_BYTES) return false;
    const major = window.u16(4, littleEndian);
    if (major !== VERSION_MAJOR) {
      throw new CaptureFileError(4, `version ${major}.${window.u16(6, littleEndian)} of pcap is unknown; 2.4 is known`);
    }
    this.frame.interface = {
      index: 0,
      name: undefined,
      linkType: window.u32(20, littleEndian) & LINK_TYPE_MASK,
    };
    window.skip(FILE_HEADER_BYTES);
    this.#headerRead = true;
    return true;
  }

  end(): void {
    const window = this.#window;
    window.skip(this.#record);
    this.#record = 0;
    const { available, offset } = window;
    if (!this.#headerRead) {
      throw new CaptureFileError(offset, `the file ends inside its header, ${available} of ${FILE_HEADER_BYTES} bytes`);
    }
    if (!available) return;
    if (available < this.#headerBytes) {
      throw new CaptureFileError(
        offset,
        `the file ends inside a record's header, ${available} of ${this.#headerBytes} bytes`,
      );
    }
    const captured = window.u32(8, this.#variant.littleEndian);
    const held = available - this.#headerBytes;
    throw new CaptureFileError(offset, `the file ends inside a record, ${held} of its ${captured} captured bytes`);
  }
}

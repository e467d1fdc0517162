/** A capture file of either format: give it bytes as they come, take frames out. */
import { ByteWindow } from "./byte_window.ts";
import { CaptureFileError } from "./capture_file_error.ts";
import { describeFile } from "./file_kinds.ts";
import { PcapReader, pcapVariant } from "./pcap.ts";
import { BLOCK_BYTES_MAX, PcapngReader, SECTION_HEADER } from "./pcapng.ts";
import type { FrameReader, RecordedFrame } from "./recorded_frame.ts";

/** Twice the longest thing that is read whole: so there is always room for as much again. */
const WINDOW_BYTES = 2 * BLOCK_BYTES_MAX;
const MAGIC_BYTES = 4;
/** How much of a file of another kind is looked at to name it. */
const GLANCE_BYTES = 16;

/**
 * Reads frames. Every length is checked before anything is read by it, and memory is bounded whatever the file says;
 * all that it throws is {@linkcode CaptureFileError}.
 *
 *     for (let n; n = await file.read(reader.room()); ) {
 *       reader.filled(n);
 *       while (reader.next()) use(reader.frame);
 *     }
 *     reader.end();
 */
export class CaptureReader {
  readonly #window: ByteWindow;
  #reader: FrameReader | undefined;

  constructor(windowBytes = WINDOW_BYTES) {
    this.#window = new ByteWindow(windowBytes);
  }

  /** Where the next bytes belong. The frame before is void. */
  room(): Uint8Array<ArrayBuffer> {
    return this.#window.room();
  }

  filled(count: number): void {
    this.#window.filled(count);
  }

  /** How far the file has been read. */
  get offset(): number {
    return this.#window.offset;
  }

  /** The frame that next() found: valid until it is called again. */
  get frame(): RecordedFrame {
    return this.#reader!.frame;
  }

  /** Goes on to the next frame; false: it needs more bytes. Throws CaptureFileError. */
  next(): boolean {
    this.#reader ??= this.#recognise(GLANCE_BYTES);
    return this.#reader ? this.#reader.next() : false;
  }

  /** No more bytes come. Throws CaptureFileError when the file is incomplete. */
  end(): void {
    this.#reader ??= this.#recognise(0);
    this.#reader?.end();
  }

  /** Undefined while fewer than `enough` bytes are there to tell. */
  #recognise(enough: number): FrameReader | undefined {
    const window = this.#window;
    const { available } = window;
    if (available >= MAGIC_BYTES) {
      const variant = pcapVariant(window.u32(0, true), window.u32(0, false));
      if (variant) return new PcapReader(window, variant);
      if (window.u32(0, true) === SECTION_HEADER) return new PcapngReader(window);
    }
    if (available < enough) return undefined;
    if (available === 0) throw new CaptureFileError(0, "the file is empty");
    const what = describeFile(window.slice(0, Math.min(available, GLANCE_BYTES)));
    throw new CaptureFileError(0, `no pcap or pcapng file: ${what}`);
  }
}

/**
 * The part of a file that is being read. Bytes come in at the end and leave at the start; what lies between has one
 * place in memory, so that readers look at it without copies, however long the file is.
 */
import { assert } from "../../errors.ts";

export class ByteWindow {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #start = 0;
  #end = 0;
  #offset = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes that are here. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Where in the file the first of them stands. */
  get offset(): number {
    return this.#offset;
  }

  /** Free room to read into; then say {@linkcode filled}. Moves what is here: views taken before are void. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#bytes.subarray(this.#end);
  }

  filled(count: number): void {
    assert(count >= 0 && this.#end + count <= this.#bytes.length, "no more bytes come than there is room for");
    this.#end += count;
  }

  /** Lets go of at most `count` bytes at the start. Returns how many there were. */
  skip(count: number): number {
    const skipped = Math.min(count, this.available);
    this.#start += skipped;
    this.#offset += skipped;
    return skipped;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#place(at, 1));
  }

  u16(at: number, littleEndian: boolean): number {
    return this.#view.getUint16(this.#place(at, 2), littleEndian);
  }

  u32(at: number, littleEndian: boolean): number {
    return this.#view.getUint32(this.#place(at, 4), littleEndian);
  }

  i64(at: number, littleEndian: boolean): bigint {
    return this.#view.getBigInt64(this.#place(at, 8), littleEndian);
  }

  /** A view, not a copy: valid until room() is asked for. */
  slice(at: number, length: number): Uint8Array<ArrayBuffer> {
    const place = this.#place(at, length);
    return this.#bytes.subarray(place, place + length);
  }

  /** What lies behind the end is old bytes: reading there would not trap, so it is forbidden here. */
  #place(at: number, length: number): number {
    assert(at >= 0 && length >= 0 && at + length <= this.available, "a reader asks only for bytes that are there");
    return this.#start + at;
  }
}

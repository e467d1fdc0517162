/** A stream of bytes, cut into lines: a watch has one JSON event on each. */
import { BytePieces } from "./byte_pieces.ts";

const LINE_FEED = 10;

export class LineSplitter {
  readonly #lineBytesMax: number;
  readonly #rest = new BytePieces();
  #isSkipping = false;
  /** Lines that were too long and are passed over. */
  tooLong = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The lines that end in this chunk, without their ends. They are valid as long as the chunk is. */
  split(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, at);
      if (end < 0) break;
      const part = chunk.subarray(at, end);
      at = end + 1;
      const isTooLong = this.#isSkipping || this.#rest.length + part.length > this.#lineBytesMax;
      if (isTooLong) this.#skip(true);
      else if (this.#rest.length + part.length) lines.push(this.#rest.take(part));
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at));
    return lines;
  }

  #skip(ends: boolean): void {
    if (!this.#isSkipping) this.tooLong++;
    this.#isSkipping = !ends;
    this.#rest.clear();
  }

  #keep(part: Uint8Array): void {
    if (this.#isSkipping) return;
    if (this.#rest.length + part.length > this.#lineBytesMax) this.#skip(false);
    else this.#rest.add(part.slice());
  }
}

/** The last lines of the log, in a ring of fixed size: what a support bundle shows of the time before it. */
export class LogRing {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #written = 0;

  /** Memory is taken as lines come. */
  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  /** Takes lines that end with a line feed. Of what is longer than the ring, the end is kept. */
  add(lines: Uint8Array): void {
    const size = this.#bytes.length;
    const kept = lines.subarray(Math.max(0, lines.length - size));
    const at = this.#written % size;
    const room = size - at;
    this.#bytes.set(kept.subarray(0, room), at);
    this.#bytes.set(kept.subarray(room), 0);
    this.#written += kept.length;
  }

  /** Whole lines, the oldest first. */
  text(): string {
    const size = this.#bytes.length;
    const decoder = new TextDecoder();
    if (this.#written < size) return decoder.decode(this.#bytes.subarray(0, this.#written));
    const at = this.#written % size;
    const text = decoder.decode(this.#bytes.subarray(at), { stream: true }) +
      decoder.decode(this.#bytes.subarray(0, at));
    return text.slice(text.indexOf("\n") + 1); // the first may be half overwritten
  }
}

/** Bytes that come in pieces and are one text in the end: gathered without copying them again with each piece. */
export class BytePieces {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The piece must not change any more. */
  add(piece: Uint8Array): void {
    if (!piece.length) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }

  /** All of it and nothing afterwards. */
  take(last: Uint8Array): Uint8Array {
    if (!this.#length) return last;
    const whole = new Uint8Array(this.#length + last.length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    whole.set(last, at);
    this.clear();
    return whole;
  }
}

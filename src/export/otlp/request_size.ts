/** How many spans go into one request: as many as wanted, and no more than fit. */

/** Requests are filled up to this part, so that few turn out too large. */
const FILLED = 0.9;
/** How fast what was once long is forgotten. */
const FORGET = 0.9;

export class RequestSize {
  readonly #recordsMost: number;
  readonly #bytesMost: number;
  #bytesPerSpan = 0;

  constructor(recordsMost: number, bytesMost: number) {
    this.#recordsMost = recordsMost;
    this.#bytesMost = bytesMost;
  }

  /** Spans of the next request. */
  get records(): number {
    if (this.#bytesPerSpan === 0) return this.#recordsMost;
    return Math.max(1, Math.min(this.#recordsMost, Math.floor(this.#bytesMost * FILLED / this.#bytesPerSpan)));
  }

  /** So many spans took so many bytes. */
  learn(records: number, bytes: number): void {
    this.#bytesPerSpan = Math.max(bytes / records, this.#bytesPerSpan * FORGET);
  }

  /** So many spans were too many. */
  learnTooLarge(records: number): void {
    this.learn(records, this.#bytesMost);
  }
}

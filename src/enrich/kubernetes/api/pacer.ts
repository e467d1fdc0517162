/**
 * Shares the event loop with the rest of the agent: whoever works through a list pauses every few milliseconds, and all
 * who do so take turns, so that many lists at once are no longer a pause than one.
 */
export class Pacer {
  readonly #turnMs: number;
  readonly #nowMs: () => number;
  #turnBegan: number;
  #queue: Promise<void> = Promise.resolve();

  /** turnMs: how long one may work without a pause; nowMs: monotonic. */
  constructor(turnMs: number, nowMs: () => number = () => performance.now()) {
    this.#turnMs = turnMs;
    this.#nowMs = nowMs;
    this.#turnBegan = nowMs();
  }

  /** Whether it is time to wait for {@linkcode next}. */
  get isOver(): boolean {
    return this.#nowMs() - this.#turnBegan >= this.#turnMs;
  }

  /** The next turn. */
  next(): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#turnBegan = this.#nowMs();
    });
    return this.#queue;
  }
}

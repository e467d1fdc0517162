/**
 * Shares the event loop with the rest of the agent: whoever works through a list pauses every few milliseconds, and all
 * who do so take turns, so that many lists at once are no longer a pause than one. Who has little to do never pauses.
 */
export class Pacer {
  readonly #turnMs: number;
  readonly #nowMs: () => number;
  #turnBegan: number;
  #workedUntil: number;
  #queue: Promise<void> = Promise.resolve();

  /** turnMs: how long may be worked without a pause; nowMs: monotonic. */
  constructor(turnMs: number, nowMs: () => number = () => performance.now()) {
    this.#turnMs = turnMs;
    this.#nowMs = nowMs;
    this.#turnBegan = this.#workedUntil = nowMs();
  }

  /** Work begins. After a time in which nobody worked it is a turn of its own. */
  begin(): void {
    const now = this.#nowMs();
    if (now - this.#workedUntil >= FREE_MS) this.#turnBegan = now;
  }

  /** To be asked after each piece of work: whether it is time to wait for {@linkcode next}. */
  get isOver(): boolean {
    this.#workedUntil = this.#nowMs();
    return this.#workedUntil - this.#turnBegan >= this.#turnMs;
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

/** The event loop went round in between. */
const FREE_MS = 1;

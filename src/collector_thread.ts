/** The main thread's handle on the collector thread: start, ask, stop. One question at a time. */
import type { CollectorStart } from "./collector.ts";
import { ANSWER, ARGUMENT, COMMAND, Command, DEVICES_WANTED, ROUNDS, RUNNING } from "./collector_words.ts";
import { DEVICES } from "./count/table_layout.ts";
import { assert } from "./errors.ts";
import { closeFd, createEventFd, signalEventFd } from "./libc.ts";
import { SNAPSHOT_RECORDS } from "./limits.ts";

/** How often to look whether the collector answered, should its wake-up be missed. */
const ANSWER_POLL_MS = 100;
/** How often terms are read that may not belong together, before the last ones have to do. */
const AUDIT_ATTEMPTS = 7;

export class CollectorThread {
  readonly #words: Int32Array;
  readonly #eventFd = createEventFd();
  readonly #worker: Worker;
  readonly #failed: Promise<never>;
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;

  /** Starts counting, with the device table at this address in force. */
  constructor(start: Omit<CollectorStart, "eventFd">, devices: number) {
    this.#words = new Int32Array(start.memory.buffer);
    Atomics.store(this.#words, DEVICES_WANTED >> 2, devices);
    this.#worker = new Worker(new URL("./collector.ts", import.meta.url), { type: "module", name: "collector" });
    this.#failed = new Promise((_, reject) => {
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`The collector stopped: ${event.message}`, { cause: event.error }));
      };
    });
    this.#failed.catch(() => {}); // whoever waits gets it; nobody may be waiting yet
    this.#worker.postMessage({ ...start, eventFd: this.#eventFd } satisfies CollectorStart);
  }

  /** Rejects when the collector breaks; never resolves. */
  get failed(): Promise<never> {
    return this.#failed;
  }

  /** Whether it counts. */
  isRunning(): boolean {
    return Atomics.load(this.#words, RUNNING >> 2) === 1;
  }

  /** Rounds done, modulo 2^32. */
  rounds(): number {
    return Atomics.load(this.#words, ROUNDS >> 2) >>> 0;
  }

  /** The device table in force, by address. */
  devicesInForce(): number {
    return Atomics.load(this.#words, DEVICES >> 2);
  }

  /** Names the device table that shall be in force. Its memory must stay as it is until another one is. */
  publishDevices(address: number): void {
    Atomics.store(this.#words, DEVICES_WANTED >> 2, address);
    signalEventFd(this.#eventFd);
  }

  /**
   * Counts everything there is, fills the audit terms and lets `read`, which must not await, read them: again, where this
   * thread was so late that the collector could not stand still for it.
   */
  async audit<T>(read: () => T): Promise<T> {
    for (let attempt = 1;; attempt++) {
      let stoodStill = false;
      const answer = await this.#ask(Command.AUDIT, 0, () => {
        try {
          return read();
        } finally {
          const now = Atomics.compareExchange(this.#words, COMMAND >> 2, Command.AUDITED, Command.NONE);
          stoodStill = now === Command.AUDITED;
          Atomics.notify(this.#words, COMMAND >> 2);
        }
      });
      if (stoodStill || this.#isOver || attempt === AUDIT_ATTEMPTS) return answer;
    }
  }

  /** Gives pages of live flows to `page`: how many records lie in the snapshot region. */
  async snapshot(page: (count: number) => void): Promise<void> {
    let from = 0;
    do {
      const count = await this.#ask(Command.SNAPSHOT, from, (count) => count);
      assert(count <= SNAPSHOT_RECORDS, "a page of the snapshot fits its region");
      page(count);
      from = Atomics.load(this.#words, ARGUMENT >> 2);
    } while (from !== 0);
  }

  /**
   * Counts everything, ends every flow, and ends the thread. Resolves when all records are in the out ring or taken.
   * Whoever asks from then on gets terms that are final, and no flow.
   */
  async stop(): Promise<void> {
    await this.#ask(Command.STOP, 0, () => this.#isOver = true);
    this.#worker.terminate();
    closeFd(this.#eventFd);
  }

  /** take: called with the answer, before the next question is asked. */
  #ask<T>(command: number, argument: number, take: (answer: number) => T): Promise<T> {
    const answer = this.#turn.then(() => this.#askNow(command, argument)).then(take);
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #askNow(command: number, argument: number): Promise<number> {
    if (this.#isOver) {
      Atomics.store(this.#words, ARGUMENT >> 2, 0);
      return 0;
    }
    Atomics.store(this.#words, ARGUMENT >> 2, argument);
    Atomics.store(this.#words, COMMAND >> 2, command);
    signalEventFd(this.#eventFd);
    while (Atomics.load(this.#words, COMMAND >> 2) === command) {
      const waiting = Atomics.waitAsync(this.#words, COMMAND >> 2, command, ANSWER_POLL_MS);
      await Promise.race([waiting.value, this.#failed]);
    }
    return Atomics.load(this.#words, ANSWER >> 2);
  }
}

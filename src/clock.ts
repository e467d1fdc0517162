/**
 * Monotonic time against wall time. The kernel stamps packets with CLOCK_MONOTONIC, people read wall time, and the
 * distance between them changes: by NTP's steps and slews, and by suspends. It is measured again and again; a flow's
 * start keeps the distance of its creation, its end takes the newest.
 */
import { ANCHOR_STEP_NS, ANCHORS_MAX } from "./limits.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, clockNs } from "./libc.ts";

/** Where times come from: an argument wherever time matters, so that tests and replays bring their own. */
export interface Clock {
  /** CLOCK_MONOTONIC, ns. */
  monotonicNs(): bigint;
  /** Wall time since 1970, ns. */
  wallNs(): bigint;
}

export const systemClock: Clock = {
  monotonicNs: () => clockNs(CLOCK_MONOTONIC),
  wallNs: () => clockNs(CLOCK_REALTIME),
};

/** The anchors: distances wall − monotonic, each with a place that flows remember. */
export class Anchors {
  readonly #clock: Clock;
  readonly #places: BigInt64Array;
  #newest = -1;
  #offsetNs = 0n;

  /** places: the shared region, {@linkcode ANCHORS_MAX} signed words. */
  constructor(clock: Clock, places: BigInt64Array) {
    this.#clock = clock;
    this.#places = places;
    this.measure();
  }

  /** Measures the distance now. A change worth telling apart takes the next place. */
  measure(): void {
    this.#offsetNs = this.#clock.wallNs() - this.#clock.monotonicNs();
    const known = this.#places[this.#newest];
    const moved = known === undefined ? ANCHOR_STEP_NS : this.#offsetNs - known;
    if (moved < ANCHOR_STEP_NS && moved > -ANCHOR_STEP_NS) return;
    this.#newest = (this.#newest + 1) % ANCHORS_MAX;
    this.#places[this.#newest] = this.#offsetNs;
  }

  /** The place of the newest anchor. */
  get place(): number {
    return this.#newest;
  }

  /** The newest distance, ns. */
  get offsetNs(): bigint {
    return this.#offsetNs;
  }
}

/**
 * Recorded time → the monotonic time that program and table go by. It never stands further back than it must and never
 * runs out: whatever times a file has, records keep the recorded ones, by anchors as on a live host.
 *
 * - A frame a little earlier than the one before (several queues, several interfaces) keeps its own time.
 * - A larger step back is the recording host's clock being set: time goes on, the distance to wall time changes.
 * - A silence longer than every flow lasts passes as if it were just that long.
 */
import type { Clock } from "./clock.ts";
import { REPLAY_LATE_NS } from "./limits.ts";

/** Monotonic time of the first frame: room for frames that are a little earlier. */
const START_NS = 3_600_000_000_000n;
/** Monotonic time stands still here: only a file made for it gets so far. */
const MONOTONIC_MOST_NS = 1n << 62n;

export class ReplayClock implements Clock {
  readonly #horizonNs: bigint;
  #latestNs = 0n;
  /** Monotonic time less wall time. */
  #shiftNs = 0n;
  /** Frames earlier than one before them. */
  lateFrames = 0;
  /** Times that the recording host's clock went back. */
  stepsBack = 0;

  /** horizonNs: a silence after which no flow goes on. */
  constructor(horizonNs: bigint) {
    this.#horizonNs = horizonNs;
  }

  begin(timeNs: bigint): void {
    this.#latestNs = timeNs;
    this.#shiftNs = START_NS - timeNs;
  }

  /** The latest recorded time, since 1970. */
  wallNs(): bigint {
    return this.#latestNs;
  }

  monotonicNs(): bigint {
    return this.#latestNs + this.#shiftNs;
  }

  /** Whether a time is so far back that the clock must have been set. */
  isStepBack(timeNs: bigint): boolean {
    return timeNs < this.#latestNs && this.#latestNs - timeNs > REPLAY_LATE_NS;
  }

  /** Monotonic time of a frame, which may be the latest now. */
  take(timeNs: bigint): bigint {
    if (timeNs > this.#latestNs) this.#latestNs = timeNs;
    else if (timeNs < this.#latestNs) this.lateFrames++;
    return timeNs + this.#shiftNs;
  }

  /** Monotonic time goes on where wall time is set back. */
  stepBack(timeNs: bigint): void {
    this.stepsBack++;
    this.#shiftNs += this.#latestNs - timeNs;
    this.#latestNs = timeNs;
  }

  /** Goes on to a time after a silence, of which no more than the horizon passes. */
  skip(timeNs: bigint): void {
    const before = this.monotonicNs();
    this.#latestNs = timeNs;
    const most = before + this.#horizonNs < MONOTONIC_MOST_NS ? before + this.#horizonNs : MONOTONIC_MOST_NS;
    if (this.monotonicNs() > most) this.#shiftNs = most - timeNs;
  }
}

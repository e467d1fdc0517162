/** Series of things that are gone, kept with their last numbers for a while: else scrapes would miss their end. */
import type { Series } from "./metric.ts";

interface Remembered {
  series: Series;
  seenAtMs: number;
}

export class StaleSeries {
  readonly #ttlMs: number;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Remembered>();

  /** ttlMs: how long after they were seen last. nowMs: monotonic. */
  constructor(ttlMs: number, nowMs: () => number) {
    this.#ttlMs = ttlMs;
    this.#nowMs = nowMs;
  }

  /** Those of now, and behind them those that are not too old. */
  withStale(current: readonly Series[]): Series[] {
    const nowMs = this.#nowMs();
    const keys = new Set(current.map(({ labels }) => JSON.stringify(labels)));
    for (const [key, { seenAtMs }] of this.#known) {
      if (keys.has(key) || nowMs - seenAtMs > this.#ttlMs) this.#known.delete(key);
    }
    const stale = [...this.#known.values()].map(({ series }) => series);
    for (const series of current) this.#known.set(JSON.stringify(series.labels), { series, seenAtMs: nowMs });
    return [...current, ...stale];
  }
}

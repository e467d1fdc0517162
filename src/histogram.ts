/** A histogram: how often values came that are at most so large. Fixed memory, whatever comes. */
export class Histogram {
  /** Upper bounds, growing. */
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Values at most as large as each bound, and last all of them: what Prometheus calls le. */
  cumulative(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => total += count);
  }
}

/** Bounds where settings say none. */
export const DURATION_BUCKETS_S: readonly number[] = [
  1e-5,
  5e-5,
  1e-4,
  5e-4,
  1e-3,
  5e-3,
  0.01,
  0.05,
  0.1,
  0.5,
  1,
  5,
  10,
  30,
  60,
];
export const BATCH_BUCKETS_RECORDS: readonly number[] = [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** What settings say of bounds. */
export interface HistogramBuckets {
  pipelineSeconds: readonly number[];
  batchRecords: readonly number[];
}

export const DEFAULT_BUCKETS: HistogramBuckets = {
  pipelineSeconds: DURATION_BUCKETS_S,
  batchRecords: BATCH_BUCKETS_RECORDS,
};

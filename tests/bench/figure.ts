/** What a bench found: one number, what it is wanted to be, and the words beside it. */

export interface Figure {
  /** Part and quantity, as a person reads it: unique within a run. */
  name: string;
  value: number;
  unit: string;
  /** The target, where there is one. Both bounds belong to it. */
  most?: number;
  least?: number;
  /** How it came about, in a few words. */
  note?: string;
}

export interface BenchOptions {
  /** A quick run that shows that the bench works; its figures say little. */
  smoke: boolean;
  /** How long to watch what only shows after a while. */
  minutes: number;
  /** Tells a person where it stands. */
  say(text: string): void;
}

/** One part of the bench. */
export type Bench = (options: BenchOptions) => Promise<Figure[]>;

/** Whether a figure reaches its target; undefined: it has none. */
export function reaches({ value, most, least }: Figure): boolean | undefined {
  if (most === undefined && least === undefined) return undefined;
  return value <= (most ?? Infinity) && value >= (least ?? -Infinity);
}

/** The middle of a sample. */
export function median(sample: readonly number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** The mean of the fastest half: other work on the machine only ever adds time. */
export function quietMean(sample: readonly number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const half = sorted.slice(0, Math.ceil(sorted.length / 2));
  return half.reduce((sum, value) => sum + value, 0) / half.length;
}

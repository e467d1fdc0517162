/** Lengths of time as people write them: "5s", "1m30s", "250ms", "24h". */

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_REGEXP = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)\s*)+$/;
const PART_REGEXP = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** Milliseconds, or undefined where the text is no length of time. */
export function parseDurationMs(text: string): number | undefined {
  if (!DURATION_REGEXP.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(PART_REGEXP)) total += Number(count) * UNIT_MS[unit!]!;
  return total;
}

/** A length of time as people write it, in the largest unit that it is whole in. */
export function formatDuration(ms: number): string {
  const [unit, size] = Object.entries(UNIT_MS).findLast(([, size]) => ms >= size && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** The word somebody probably meant. */
import { closestMatch } from "leven";

/**
 * The nearest of `known` by edit distance, or with two neighbours swapped, if it is near enough to be a slip: slipsMax
 * letters, by default a third of them.
 */
export function nearest(
  word: string,
  known: readonly string[],
  slipsMax: number = Math.max(1, Math.floor(word.length / 3)),
): string | undefined {
  return closestMatch(word, known, { maxDistance: slipsMax }) ??
    known.find((other) => isSwapped(word, other));
}

/** Whether two words differ by one swap of neighbours, which edit distance counts as two slips. */
function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}

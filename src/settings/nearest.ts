/** The word somebody probably meant. */
import { closestMatch } from "leven";

/** The nearest of `known` by edit distance, if it is near enough to be a slip. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return closestMatch(word, known, { maxDistance: Math.max(1, Math.floor(word.length / 3)) });
}

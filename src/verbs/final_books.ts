/** The books at the end of a run or a replay, told to whoever reads the log. */
import { type Books, checkBooks } from "../books.ts";
import { log } from "../log.ts";

/** Says which equations do not hold. Returns whether all do. */
export function reportFinalBooks(books: Books): boolean {
  const open = checkBooks(books).filter(({ closed }) => !closed);
  for (const { name, measure, left, right } of open) {
    log.error("Books not closed: {name} in {measure}: {left} is not {right}", { name, measure, left, right });
  }
  return open.length === 0;
}

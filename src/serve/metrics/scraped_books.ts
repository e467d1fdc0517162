/**
 * The books as a scrape shows them. Adding up what is queued takes milliseconds where much is, and several metrics ask:
 * all in one turn, in which the books are taken once, so that their measures agree.
 */
import type { Agent } from "../../agent.ts";
import type { Books } from "../../books.ts";

export function scrapedBooks(): (agent: Pick<Agent, "books">) => Books {
  let books: Books | undefined;
  return (agent) => {
    if (!books) queueMicrotask(() => books = undefined);
    return books ??= agent.books();
  };
}

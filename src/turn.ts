/** Letting others of the thread have their turn: timers, sockets, answers. */
import { setImmediate } from "node:timers";

/** Resolves after what is ready now was served. A timer of 0 ms would take a whole one, or two. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

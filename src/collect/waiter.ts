/**
 * How the collector waits: for the kernel's ring to fill to a mark, for a word from the main thread, or for its time.
 */
import { clearEventFd, closeFd, createEpoll, waitEpoll, watchInput } from "../libc.ts";

export interface Waiter {
  /** Returns after timeoutMs, or sooner when something happened. */
  wait(timeoutMs: number): void;
  close(): void;
}

/**
 * Waits on this thread by epoll. The ring wakes edge-triggered: only the program's forced wake-ups count, not its fill.
 */
export function createWaiter(ringFd: number, eventFd: number): Waiter {
  const epoll = createEpoll();
  watchInput(epoll, ringFd, true);
  watchInput(epoll, eventFd, false);
  return {
    wait(timeoutMs) {
      if (waitEpoll(epoll, timeoutMs) > 0) clearEventFd(eventFd);
    },
    close: () => closeFd(epoll),
  };
}

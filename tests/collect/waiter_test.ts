/** How the collector waits. An event descriptor stands in for the kernel's ring: both are polled for input. */
import assert from "node:assert/strict";
import { createWaiter, type Waiter } from "../../src/collect/waiter.ts";
import { closeFd, createEventFd, signalEventFd } from "../../src/libc.ts";

const LONG_MS = 20_000;
/** Far below LONG_MS, far above what a busy machine takes. */
const SOON_MS = 5_000;

function withWaiter(test: (waiter: Waiter, ring: number, event: number) => void): void {
  const [ring, event] = [createEventFd(), createEventFd()];
  const waiter = createWaiter(ring, event);
  try {
    test(waiter, ring, event);
  } finally {
    waiter.close();
    closeFd(ring);
    closeFd(event);
  }
}

function waitMs(waiter: Waiter, timeoutMs: number): number {
  const before = performance.now();
  waiter.wait(timeoutMs);
  return performance.now() - before;
}

Deno.test("Waiter waits its time when nothing happens, and not at all for 0", () => {
  withWaiter((waiter) => {
    assert(waitMs(waiter, 50) >= 45);
    assert(waitMs(waiter, 0) < SOON_MS);
  });
});

Deno.test("Waiter is woken by a word from the main thread, once for each", () => {
  withWaiter((waiter, _ring, event) => {
    signalEventFd(event);
    assert(waitMs(waiter, LONG_MS) < SOON_MS);
    assert(waitMs(waiter, 50) >= 45, "the word was taken");
    signalEventFd(event);
    signalEventFd(event);
    assert(waitMs(waiter, LONG_MS) < SOON_MS);
    assert(waitMs(waiter, 50) >= 45, "words that came together wake once");
  });
});

Deno.test("Waiter is woken by the ring when it is told of more, not by what lies there", () => {
  withWaiter((waiter, ring) => {
    signalEventFd(ring);
    assert(waitMs(waiter, LONG_MS) < SOON_MS);
    assert(waitMs(waiter, 50) >= 45, "nothing new");
    signalEventFd(ring);
    assert(waitMs(waiter, LONG_MS) < SOON_MS);
  });
});

Deno.test("Waiter is woken while it waits, from another thread", async () => {
  const [ring, event] = [createEventFd(), createEventFd()];
  const code = `
    import { createWaiter } from "${new URL("../../src/collect/waiter.ts", import.meta.url)}";
    onmessage = ({ data: [ring, event] }) => {
      const waiter = createWaiter(ring, event);
      postMessage("waits");
      waiter.wait(${LONG_MS});
      waiter.close();
      postMessage("woken");
    };`;
  const url = URL.createObjectURL(new Blob([code], { type: "application/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const answers: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) => {
    answers.push(data);
    if (data === "waits") signalEventFd(event);
    else resolve();
  };
  const before = performance.now();
  worker.postMessage([ring, event]);
  await promise;
  assert(performance.now() - before < LONG_MS);
  assert.deepEqual(answers, ["waits", "woken"]);
  worker.terminate();
  URL.revokeObjectURL(url);
  closeFd(ring);
  closeFd(event);
});

/**
 * Stage 3 of 7, collect: wait for the kernel, on a thread of its own, and read its books.
 *
 * In: ring and slots, in the shared memory. Out: the moments at which the table drains and scans them.
 * Drops: none.
 */
export { EVENTS, KernelBooks, type KernelDetail, MALFORMED } from "./kernel_books.ts";
export { createWaiter, type Waiter } from "./waiter.ts";

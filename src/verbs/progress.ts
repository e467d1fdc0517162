/** How far a long job is, on one line of a terminal that is written again and again. */
import { countText, sizeText } from "../export/mod.ts";

const EVERY_MS = 500;
const ERASE_LINE = "\r\x1b[K";

export interface ProgressLine {
  /** Called often; writes seldom. */
  show(frames: number, bytes: number): void;
  /** Takes the line away, for what is written next. */
  erase(): void;
}

/** sizeBytes: of the whole, where known. write: to the terminal; undefined: there is none. nowMs: monotonic. */
export function progressLine(
  sizeBytes: number | undefined,
  write: ((text: string) => void) | undefined,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  const startedMs = nowMs();
  let nextMs = startedMs + EVERY_MS;
  let shown = false;
  return {
    show(frames, bytes) {
      const now = nowMs();
      if (!write || now < nextMs) return;
      nextMs = now + EVERY_MS;
      shown = true;
      const share = sizeBytes ? ` of ${sizeText(sizeBytes)} (${Math.floor(bytes / sizeBytes * 100)} %)` : "";
      const rate = countText(Math.round(frames / (now - startedMs) * 1000));
      write(`${ERASE_LINE}${countText(frames)} frames, ${sizeText(bytes)}${share}, ${rate} frames/s`);
    },
    erase() {
      if (shown) write?.(ERASE_LINE);
      shown = false;
    },
  };
}

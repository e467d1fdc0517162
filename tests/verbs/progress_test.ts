import assert from "node:assert/strict";
import { progressLine } from "../../src/verbs/progress.ts";

function terminal(sizeBytes?: number) {
  const written: string[] = [];
  const clock = { ms: 1_000 };
  const line = progressLine(sizeBytes, (text) => void written.push(text), () => clock.ms);
  return { written, clock, line };
}

Deno.test("progressLine() says how far a file is, twice a second", () => {
  const { written, clock, line } = terminal(2 << 20);
  line.show(10, 100);
  clock.ms = 2_000;
  line.show(123_456, 1 << 20);
  line.show(123_457, 1 << 20);
  clock.ms = 2_499;
  line.show(200_000, 1 << 20);
  assert.deepEqual(written, ["\r\x1b[K123k frames, 1.00MiB of 2.00MiB (50 %), 123k frames/s"]);
});

Deno.test("progressLine() knows no share of a pipe", () => {
  const { written, clock, line } = terminal();
  clock.ms = 3_000;
  line.show(500, 1_000);
  assert.deepEqual(written, ["\r\x1b[K500 frames, 1000B, 250 frames/s"]);
});

Deno.test("progressLine() erases what it wrote, and only that", () => {
  const { written, clock, line } = terminal();
  line.erase();
  assert.deepEqual(written, []);
  clock.ms = 2_000;
  line.show(1, 1);
  line.erase();
  line.erase();
  assert.deepEqual(written.slice(1), ["\r\x1b[K"]);
});

Deno.test("progressLine() writes nothing without a terminal", () => {
  const line = progressLine(7, undefined, () => 1e9);
  line.show(1, 1);
  line.erase();
});

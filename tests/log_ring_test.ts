import { deepEqual, equal, ok } from "node:assert/strict";
import { LogRing } from "../src/log_ring.ts";

const encoder = new TextEncoder();

function ringWith(sizeBytes: number, ...lines: string[]): LogRing {
  const ring = new LogRing(sizeBytes);
  for (const line of lines) ring.add(encoder.encode(`${line}\n`));
  return ring;
}

Deno.test("LogRing gives back what fits, in order", () => {
  equal(ringWith(32).text(), "");
  equal(ringWith(32, "one", "two", "drei ä").text(), "one\ntwo\ndrei ä\n");
});

Deno.test("LogRing keeps the last whole lines when more come than fit", () => {
  const lines = Array.from({ length: 101 }, (_, i) => `line ${i}`);
  const kept = ringWith(64, ...lines).text().split("\n").slice(0, -1);
  deepEqual(kept, lines.slice(-kept.length));
  ok(kept.length >= 6 && kept.length <= 7, `${kept.length} lines`);
});

Deno.test("LogRing keeps the end of a line that is longer than itself, and what comes after it", () => {
  const ring = ringWith(16, "x".repeat(101));
  ring.add(encoder.encode("short\n"));
  equal(ring.text(), "short\n");
});

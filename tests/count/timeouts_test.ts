import assert from "node:assert/strict";
import { longestSilenceMs, shortestIdleTimeoutMs } from "../../src/count/timeouts.ts";
import { TABLE_DEFAULTS } from "../support/flow_lab.ts";

const NAMES = [
  "genericTimeoutMs",
  "icmpTimeoutMs",
  "tcpTimeoutMs",
  "udpTimeoutMs",
  "tcpFinTimeoutMs",
  "tcpRstTimeoutMs",
  "maxRecordIntervalMs",
] as const;

Deno.test("shortestIdleTimeoutMs() is the least of those that end flows which nobody ended", () => {
  for (const name of NAMES) {
    const shortest = shortestIdleTimeoutMs({ ...TABLE_DEFAULTS, [name]: 7 });
    const ends = !["tcpFinTimeoutMs", "tcpRstTimeoutMs", "maxRecordIntervalMs"].includes(name);
    assert.equal(shortest, ends ? 7 : 10_000, name);
  }
});

Deno.test("longestSilenceMs() is the most of all: after it nothing is due", () => {
  for (const name of NAMES) assert.equal(longestSilenceMs({ ...TABLE_DEFAULTS, [name]: 1e7 }), 1e7, name);
});

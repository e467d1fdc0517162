import { equal } from "node:assert/strict";
import { formatDuration, parseDurationMs } from "../../src/settings/duration.ts";

Deno.test("parseDurationMs() reads lengths of time as people write them", () => {
  const lengths: Array<[string, number]> = [
    ["250ms", 250],
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["1h 30m", 5_400_000],
    ["24h", 86_400_000],
    ["2d", 172_800_000],
    ["1.5s", 1_500],
    ["0s", 0],
    ["0.5ms", 0.5],
  ];
  for (const [text, ms] of lengths) equal(parseDurationMs(text), ms, text);
});

Deno.test("parseDurationMs() takes nothing else for one", () => {
  for (
    const text of ["", "5", "s", "5 s", "-5s", "5S", "5s!", "1.s", ".5s", "1e3s", "5µs", "5s10", " 5s", "∞", "5min"]
  ) {
    equal(parseDurationMs(text), undefined, JSON.stringify(text));
  }
});

Deno.test("formatDuration() writes what parseDurationMs() reads, in the largest unit that is whole", () => {
  const lengths: Array<[number, string]> = [
    [0, "0ms"],
    [250, "250ms"],
    [1_000, "1s"],
    [90_000, "90s"],
    [3_600_000, "1h"],
    [86_400_000, "1d"],
    [1_500, "1500ms"],
  ];
  for (const [ms, text] of lengths) {
    equal(formatDuration(ms), text);
    equal(parseDurationMs(text), ms);
  }
});

import { deepEqual, equal } from "node:assert/strict";
import { Histogram } from "../src/histogram.ts";

Deno.test("observe() counts a value with the first bound that is as large, and with all above it", () => {
  const histogram = new Histogram([0.1, 1, 10]);
  for (const value of [0, 0.1, 0.100001, 1, 7, 10, 10.5, Infinity]) histogram.observe(value);
  deepEqual(histogram.cumulative(), [2, 4, 6, 8]);
});

Deno.test("cumulative() and sum tell nothing before the first value", () => {
  const histogram = new Histogram([1]);
  deepEqual([histogram.cumulative(), histogram.sum], [[0, 0], 0]);
  for (let i = 0; i < 1_009; i++) histogram.observe(2);
  equal(histogram.sum, 2_018);
});

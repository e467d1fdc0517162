/** Requests have as many spans as fit. */
import assert from "node:assert/strict";
import { RequestSize } from "../../../src/export/otlp/request_size.ts";

Deno.test("RequestSize is what is wanted until spans are too long for it", () => {
  const size = new RequestSize(2_048, 4_000_000);
  assert.equal(size.records, 2_048);
  size.learn(2_048, 2_048 * 1_400);
  assert.equal(size.records, 2_048);
  size.learn(2_048, 2_048 * 1_900);
  assert(size.records * 1_900 < 4_000_000 && size.records * 1_900 > 3_500_000);
});

Deno.test("RequestSize has less room when a request was too large, and takes it back bit by bit", () => {
  const size = new RequestSize(2_048, 4_000_000);
  size.learnTooLarge(1_009);
  const small = size.records;
  assert(small < 1_009 && small > 900);
  for (let i = 0; i < 3; i++) size.learn(small, small * 1_400);
  assert(size.records > small && size.records < 2_048);
  for (let i = 0; i < 40; i++) size.learn(size.records, size.records * 1_400);
  assert.equal(size.records, 2_048);
  size.learn(1, 10_000_000);
  assert.equal(size.records, 1);
});

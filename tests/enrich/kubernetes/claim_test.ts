import assert from "node:assert/strict";
import { type Claim, Fit, fitOf, precedes } from "../../../src/enrich/kubernetes/claim.ts";

function claim(fromMs: number, toMs = Infinity, isEnding = false): Claim {
  return { fromMs, toMs, object: { isEnding } } as Claim;
}

Deno.test("fitOf() is best for who had the address at the flow's start, to the millisecond", () => {
  const fit = (fromMs: number, toMs: number, startMs: number, endMs = startMs) =>
    fitOf(claim(fromMs, toMs), startMs, endMs);
  assert.equal(fit(1_000, Infinity, 1_000), Fit.AT_START);
  assert.equal(fit(1_000, 2_000, 1_999), Fit.AT_START);
  assert.equal(fit(1_000, 2_000, 2_000), Fit.JUST_ENDED);
  assert.equal(fit(1_000, 2_000, 2_999), Fit.JUST_ENDED);
  assert.equal(fit(1_000, 2_000, 3_000), Fit.NONE);
  assert.equal(fit(1_000, 2_000, 999, 1_000), Fit.DURING);
  assert.equal(fit(6_000, Infinity, 900, 1_000), Fit.JUST_BEGAN);
  assert.equal(fit(6_001, Infinity, 900, 1_000), Fit.NONE);
});

Deno.test("precedes() prefers who lives, then who had the address last; before and after, who is nearest", () => {
  assert(precedes(claim(1_000), claim(2_000, Infinity, true), Fit.AT_START));
  assert(!precedes(claim(2_000, Infinity, true), claim(1_000), Fit.AT_START));
  assert(precedes(claim(2_000), claim(1_000), Fit.AT_START));
  assert(precedes(claim(1_000), claim(2_000), Fit.DURING), "the first one during the flow");
  assert(precedes(claim(0, 2_000), claim(0, 1_000), Fit.JUST_ENDED));
  assert(precedes(claim(1_000), claim(2_000), Fit.JUST_BEGAN));
});

import assert from "node:assert/strict";
import { Anchors, type Clock, systemClock } from "../src/clock.ts";
import { ANCHOR_STEP_NS, ANCHORS_MAX } from "../src/limits.ts";

function fakeClock(): { clock: Clock; offsetNs: bigint } {
  const state = { offsetNs: 1_000_000_000_000n, clock: undefined as unknown as Clock };
  let monotonicNs = 0n;
  state.clock = { monotonicNs: () => ++monotonicNs, wallNs: () => monotonicNs + 1n + state.offsetNs };
  return state;
}

Deno.test("Anchors has the distance from its beginning on", () => {
  const places = new BigInt64Array(ANCHORS_MAX);
  const state = fakeClock();
  const anchors = new Anchors(state.clock, places);
  assert.equal(anchors.place, 0);
  assert.equal(anchors.offsetNs, state.offsetNs);
  assert.equal(places[0], state.offsetNs);
});

Deno.test("Anchors makes a new anchor for a step either way, and for a slew that adds up to one", () => {
  const places = new BigInt64Array(ANCHORS_MAX);
  const state = fakeClock();
  const anchors = new Anchors(state.clock, places);
  const begun = state.offsetNs;
  const after = (changeNs: bigint) => {
    state.offsetNs += changeNs;
    anchors.measure();
    assert.equal(anchors.offsetNs, state.offsetNs, "the newest distance is always told");
    return anchors.place;
  };
  assert.equal(after(0n), 0);
  assert.equal(after(ANCHOR_STEP_NS), 1);
  assert.equal(after(-ANCHOR_STEP_NS), 2);
  assert.equal(after(-3_600_000_000_000n), 3);
  const slew = ANCHOR_STEP_NS / 10n;
  for (let i = 0; i < 9; i++) assert.equal(after(slew), 3);
  assert.equal(after(slew), 4);
  assert.deepEqual([...places.subarray(0, 3)], [begun, begun + ANCHOR_STEP_NS, begun]);
});

Deno.test("Anchors uses the oldest place again when all are taken", () => {
  const places = new BigInt64Array(ANCHORS_MAX);
  const state = fakeClock();
  const anchors = new Anchors(state.clock, places);
  for (let i = 0; i < ANCHORS_MAX; i++) {
    state.offsetNs += ANCHOR_STEP_NS;
    anchors.measure();
  }
  assert.equal(anchors.place, 0);
  assert.equal(places[0], state.offsetNs);
});

Deno.test("systemClock goes on, and tells the wall's time", () => {
  const before = systemClock.monotonicNs();
  const wall = Number(systemClock.wallNs() / 1_000_000n);
  assert(Math.abs(wall - Date.now()) < 10_000, `${wall}`);
  assert(systemClock.monotonicNs() >= before);
});

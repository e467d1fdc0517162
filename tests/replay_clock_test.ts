import assert from "node:assert/strict";
import { REPLAY_LATE_NS } from "../src/limits.ts";
import { ReplayClock } from "../src/replay_clock.ts";

const SECOND_NS = 1_000_000_000n;
const HORIZON_NS = 62n * SECOND_NS;
const START_NS = 1_700_000_000n * SECOND_NS;

function begun(): ReplayClock {
  const clock = new ReplayClock(HORIZON_NS);
  clock.begin(START_NS);
  return clock;
}

Deno.test("ReplayClock runs as recorded time does, from a time that is not zero", () => {
  const clock = begun();
  const first = clock.take(START_NS);
  assert(first > REPLAY_LATE_NS);
  assert.equal(clock.take(START_NS + 7n * SECOND_NS) - first, 7n * SECOND_NS);
  assert.equal(clock.wallNs(), START_NS + 7n * SECOND_NS);
  assert.equal(clock.monotonicNs(), first + 7n * SECOND_NS);
});

Deno.test("ReplayClock works for a recording that begins in 1970", () => {
  const clock = new ReplayClock(HORIZON_NS);
  clock.begin(0n);
  assert(clock.take(0n) > 0n);
});

Deno.test("ReplayClock lets a frame be a little late, and counts it", () => {
  const clock = begun();
  const first = clock.take(START_NS);
  assert(!clock.isStepBack(START_NS - REPLAY_LATE_NS));
  assert.equal(clock.take(START_NS - REPLAY_LATE_NS), first - REPLAY_LATE_NS);
  assert.equal(clock.wallNs(), START_NS);
  assert.deepEqual([clock.lateFrames, clock.stepsBack], [1, 0]);
});

Deno.test("ReplayClock goes on where the recording's clock was set back", () => {
  const clock = begun();
  clock.take(START_NS);
  const before = clock.monotonicNs();
  const earlier = START_NS - 3_600n * SECOND_NS;
  assert(clock.isStepBack(earlier));
  clock.stepBack(earlier);
  assert.equal(clock.monotonicNs(), before);
  assert.equal(clock.take(earlier + 5n), before + 5n);
  assert.deepEqual([clock.lateFrames, clock.stepsBack], [0, 1]);
});

Deno.test("ReplayClock lets no more than the horizon of a silence pass", () => {
  const clock = begun();
  const before = clock.monotonicNs();
  clock.skip(START_NS + 10n * SECOND_NS);
  assert.equal(clock.monotonicNs(), before + 10n * SECOND_NS);
  clock.skip(START_NS + 10n * SECOND_NS + 86_400n * 365n * SECOND_NS);
  assert.equal(clock.monotonicNs(), before + 10n * SECOND_NS + HORIZON_NS);
  assert.equal(clock.wallNs(), START_NS + 10n * SECOND_NS + 86_400n * 365n * SECOND_NS);
});

Deno.test("ReplayClock stays in its bounds whatever times a file jumps between", () => {
  const clock = new ReplayClock(86_400n * SECOND_NS);
  clock.begin(0n);
  let before = clock.monotonicNs();
  for (let jump = 0; jump < 200_000; jump++) {
    if (jump % 2) clock.stepBack(0n);
    else clock.skip(1n << 62n);
    const now = clock.monotonicNs();
    assert(now >= before && now <= 1n << 62n);
    before = now;
  }
});

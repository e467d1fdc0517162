import assert from "node:assert/strict";
import { Pacer } from "../../../../src/enrich/kubernetes/api/pacer.ts";

Deno.test("Pacer asks for a pause after so much work, however many share it", () => {
  let nowMs = 0;
  const pacer = new Pacer(4, () => nowMs);
  pacer.begin();
  nowMs = 3;
  assert(!pacer.isOver);
  pacer.begin(); // another one, at once
  nowMs = 4;
  assert(pacer.isOver);
});

Deno.test("Pacer asks for no pause of work that had one before it", () => {
  let nowMs = 0;
  const pacer = new Pacer(4, () => nowMs);
  for (let i = 0; i < 101; i++) {
    nowMs += 10;
    pacer.begin();
    nowMs += 3;
    assert(!pacer.isOver);
  }
});

Deno.test("Pacer.next() gives turns one after the other, with the event loop in between", async () => {
  let nowMs = 0;
  const pacer = new Pacer(4, () => nowMs);
  const order: string[] = [];
  const turn = async (name: string) => {
    await pacer.next();
    order.push(name);
    nowMs += 4;
    assert(pacer.isOver);
  };
  let ticks = 0;
  const timer = setInterval(() => order.push(`tick ${ticks++}`), 0);
  await Promise.all(["a", "b", "c"].map(turn));
  clearInterval(timer);
  assert.deepEqual(order.filter((name) => !name.startsWith("tick")), ["a", "b", "c"]);
  assert(ticks >= 2, "others had their turns, too");
});

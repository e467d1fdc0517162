import assert from "node:assert/strict";
import { Interner } from "../../../src/enrich/kubernetes/interner.ts";

Deno.test("Interner.get() gives the same value for the same key", () => {
  const values = new Interner<object>(7);
  const first = values.get("a", () => ({}));
  assert.equal(values.get("a", () => assert.fail()), first);
  assert.notEqual(values.get("b", () => ({})), first);
});

Deno.test("Interner keeps what is asked for and forgets the rest, within its bound", () => {
  const values = new Interner<number[]>(7);
  const kept = values.get("kept", () => [0]);
  let made = 0;
  for (let i = 0; i < 101; i++) {
    values.get(`${i}`, () => [made++]);
    assert.equal(values.get("kept", () => assert.fail()), kept);
  }
  assert.equal(made, 101);
  values.get("0", () => [made++]);
  assert.equal(made, 102, "what was not asked for is forgotten");
});

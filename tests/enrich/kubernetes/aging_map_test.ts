import assert from "node:assert/strict";
import { AgingMap } from "../../../src/enrich/kubernetes/aging_map.ts";

Deno.test("AgingMap knows keys until so many others were set", () => {
  const missed = new AgingMap<true>(2);
  for (const uid of ["a", "b", "a", "c", "b"]) missed.set(uid, true);
  assert.deepEqual(["a", "a", "b", "b", "c", "d"].map((uid) => missed.delete(uid)), [
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
  for (const uid of ["a", "b", "c", "d", "e"]) missed.set(uid, true);
  assert.deepEqual(["a", "b", "c", "d", "e"].map((uid) => missed.delete(uid)), [false, false, true, true, true]);
});

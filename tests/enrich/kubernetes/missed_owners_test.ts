import assert from "node:assert/strict";
import { MissedOwners } from "../../../src/enrich/kubernetes/missed_owners.ts";

Deno.test("missed owners are known until so many others were missed", () => {
  const missed = new MissedOwners(2);
  for (const uid of ["a", "b", "a", "c", "b"]) missed.add(uid);
  assert.deepEqual(["a", "a", "b", "b", "c", "d"].map((uid) => missed.delete(uid)), [
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
  for (const uid of ["a", "b", "c", "d", "e"]) missed.add(uid);
  assert.deepEqual(["a", "b", "c", "d", "e"].map((uid) => missed.delete(uid)), [false, false, true, true, true]);
});

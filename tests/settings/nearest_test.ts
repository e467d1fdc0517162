import { equal } from "node:assert/strict";
import { nearest } from "../../src/settings/nearest.ts";

Deno.test("nearest() finds the word that was probably meant, and none where none is near", () => {
  const known = ["books", "flows", "run", "status"];
  equal(nearest("boks", known), "books");
  equal(nearest("flow", known), "flows");
  equal(nearest("stauts", known), "status");
  equal(nearest("rum", known), "run");
  equal(nearest("rnu", known), "run");
  equal(nearest("export", known), undefined);
  equal(nearest("x", known), undefined);
  equal(nearest("", known), undefined);
  equal(nearest("anything", []), undefined);
});

/** Shared attributes: one copy each, for as long as anybody refers to it. */
import assert from "node:assert/strict";
import { AttributeSets, NO_SET } from "../src/attribute_sets.ts";

Deno.test("AttributeSets keeps equal attributes once", () => {
  const sets = new AttributeSets();
  const a = sets.own({ "k8s.pod.name": "a" });
  assert.equal(sets.own({ "k8s.pod.name": "a" }), a);
  const b = sets.own({ "k8s.pod.name": "b" });
  assert.notEqual(a.id, b.id);
  assert.notEqual(a.id, NO_SET);
  assert.equal(sets.byId(a.id), a);
  assert.equal(sets.byId(NO_SET), undefined);
  assert.equal(sets.size, 2);
});

Deno.test("AttributeSets forgets a set when it has no owner and no record refers to it, and not before", () => {
  const sets = new AttributeSets();
  const [owned, used, unused] = ["owned", "used", "unused"].map((name) => sets.own({ name }));
  sets.own({ name: "used" });
  sets.release(used!);
  sets.release(used!);
  sets.release(unused!);
  assert.equal(sets.orphans, 2);
  sets.collect((mark) => mark(used!.id));
  assert.equal(sets.byId(owned!.id), owned);
  assert.equal(sets.byId(used!.id), used);
  assert.equal(sets.byId(unused!.id), undefined);
  assert.equal(sets.orphans, 1);
});

Deno.test("AttributeSets gives an orphan back to who wants it again, under its number", () => {
  const sets = new AttributeSets();
  const first = sets.own({ name: "a" });
  sets.release(first);
  sets.release(first); // once too often changes nothing
  assert.equal(sets.own({ name: "a" }), first);
  assert.equal(sets.orphans, 0);
  sets.collect(() => {});
  assert.equal(sets.byId(first.id), first);
});

Deno.test("AttributeSets never uses a number again", () => {
  const sets = new AttributeSets();
  const first = sets.own({ name: "a" });
  sets.release(first);
  sets.collect(() => {});
  assert.notEqual(sets.own({ name: "a" }).id, first.id);
});

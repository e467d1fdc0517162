import assert from "node:assert/strict";
import { LabelSelector } from "../../../src/enrich/kubernetes/label_selector.ts";

const LABELS = { app: "web", tier: "front", empty: "" };

Deno.test("LabelSelector.matches() takes every requirement together", () => {
  const matches = (labels?: Record<string, string>, ...expressions: [string, string, ...string[]][]) =>
    new LabelSelector(labels, expressions.map(([key, operator, ...values]) => ({ key, operator, values }))).matches(
      LABELS,
    );
  assert(matches());
  assert(matches({ app: "web" }));
  assert(matches({ app: "web", tier: "front" }));
  assert(!matches({ app: "web", tier: "back" }));
  assert(!matches({ other: "" }), "what is missing is not empty");
  assert(matches({ empty: "" }));
  assert(matches({}, ["app", "In", "api", "web"]));
  assert(!matches({}, ["app", "In", "api"]));
  assert(!matches({}, ["other", "In", ""]));
  assert(matches({}, ["app", "NotIn", "api"]));
  assert(!matches({}, ["app", "NotIn", "api", "web"]));
  assert(matches({}, ["other", "NotIn", "x"]), "what is missing is in no list");
  assert(matches({}, ["app", "Exists"]) && !matches({}, ["other", "Exists"]));
  assert(matches({}, ["other", "DoesNotExist"]) && !matches({}, ["app", "DoesNotExist"]));
  assert(!matches({ app: "web" }, ["tier", "DoesNotExist"]));
  assert(!matches({}, ["constructor", "Exists"]));
  assert(matches({}, ["app", "in", "web"]), "as people write it");
});

Deno.test("LabelSelector.toString() is what the API's labelSelector takes", () => {
  const selector = new LabelSelector({ app: "web" }, [
    { key: "a", operator: "In", values: ["x", "y"] },
    { key: "b", operator: "NotIn", values: ["z"] },
    { key: "c", operator: "Exists" },
    { key: "d", operator: "DoesNotExist" },
  ]);
  assert.equal(String(selector), "app in (web),a in (x,y),b notin (z),c,!d");
});

Deno.test("LabelSelector() refuses operators that there are not, and those without what they need", () => {
  assert.throws(() => new LabelSelector({}, [{ key: "a", operator: "Gt", values: ["1"] }]), {
    name: "UsageError",
    message: 'Cannot use operator "Gt" for label "a": one of In, NotIn, Exists, DoesNotExist is wanted',
  });
  assert.throws(() => new LabelSelector({}, [{ key: "a", operator: "In" }]), /without values/);
});

import assert from "node:assert/strict";
import { Extraction, wantedKeys } from "../../../src/enrich/kubernetes/extraction.ts";

function extraction(...metadata: string[]): Extraction {
  return new Extraction({ metadata, labels: [], annotations: [] });
}

Deno.test("Extraction.has() knows fields of every kind and of one", () => {
  const some = extraction("[*].metadata.name", "pod.metadata.uid", "Node.metadata.namespace");
  assert(some.has("pod", "name") && some.has("container", "name"));
  assert(some.has("pod", "uid") && !some.has("node", "uid"));
  assert(some.has("node", "namespace"));
  assert(!some.has("pod", "node_name"));
});

Deno.test("Extraction.wants() takes all keys, one key, or keys by pattern, slashes included", () => {
  const wants = (text: string, key: string, word = "pod") => extraction(text).wants(word, "labels", key, "");
  assert(wants("pod.metadata.labels", "app.kubernetes.io/name"));
  assert(wants("[*].metadata.labels", "app"));
  assert(!wants("node.metadata.labels", "app"));
  assert(wants("pod.metadata.labels.app", "app") && !wants("pod.metadata.labels.app", "apps"));
  assert(wants("pod.metadata.labels['example.org/a']", "example.org/a"));
  assert(wants("pod.metadata.labels[tier]", "tier"));
  assert(!extraction("pod.metadata.labels").wants("pod", "annotations", "app", ""));
  const rules = new Extraction({
    metadata: [],
    labels: [{ from: "Pod", key: "app.kubernetes.io/*" }],
    annotations: [{ from: "*", key: "{team,owner}" }],
  });
  assert(rules.wants("pod", "labels", "app.kubernetes.io/name", "") && !rules.wants("pod", "labels", "app", ""));
  assert(rules.wants("deployment", "annotations", "owner", "") && !rules.wants("pod", "annotations", "owners", ""));
});

Deno.test("wantedKeys() keeps what any side wants, cut to a bearable length", () => {
  const sides = [extraction("pod.metadata.labels.a"), extraction("pod.metadata.labels.b")];
  const labels = { a: "1", b: "x".repeat(2_003), c: "3" };
  assert.deepEqual(wantedKeys(sides, "pod", "labels", labels), { a: "1", b: "x".repeat(1_024) });
  assert.deepEqual(wantedKeys(sides, "node", "labels", labels), {});
  assert.deepEqual(wantedKeys(sides, "pod", "labels", undefined), {});
  assert.deepEqual(wantedKeys([extraction("pod.metadata.labels")], "pod", "labels", { a: 7 } as never), {});
});

Deno.test("wantedKeys() keeps what rules of any side take by key and value, and nothing else", () => {
  const sides = [
    new Extraction({ metadata: [], labels: [{ from: "pod", keyRegex: "a\\d", valueRegex: "x" }], annotations: [] }),
    new Extraction({ metadata: [], labels: [{ from: "pod", key: "b", attribute: "a2" }], annotations: [] }),
  ];
  const labels = { a1: "xy", a2: "y", aa: "x", b: "1", c: "x" };
  assert.deepEqual(wantedKeys(sides, "pod", "labels", labels), { a1: "xy", b: "1" });
  assert.deepEqual(wantedKeys(sides, "pod", "annotations", labels), {});
});

Deno.test("Extraction() says what cannot be extracted", () => {
  for (
    const text of ["pod.metadata.colour", "pod.spec.name", "metadata.name", "[*].metadata", "", "[pod].metadata.name"]
  ) {
    assert.throws(
      () => extraction(text),
      { name: "UsageError", message: /Cannot extract ".*": \[\*\] or a kind/ },
      text,
    );
  }
  assert.throws(() => extraction("rollout.metadata.labels"), { name: "UsageError", message: /labels of "rollout"/ });
  const pattern = (key: string) => () =>
    new Extraction({ metadata: [], labels: [], annotations: [{ from: "pod", key }] });
  assert.throws(pattern("[a"), { name: "UsageError", message: /^Cannot use key "\[a" for annotations/ });
});

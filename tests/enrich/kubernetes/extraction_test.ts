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

Deno.test("Extraction.wantsKey() takes all keys, one key, or keys by pattern, slashes included", () => {
  const wants = (text: string, key: string, word = "pod") => extraction(text).wantsKey(word, "labels", key);
  assert(wants("pod.metadata.labels", "app.kubernetes.io/name"));
  assert(wants("[*].metadata.labels", "app"));
  assert(!wants("node.metadata.labels", "app"));
  assert(wants("pod.metadata.labels.app", "app") && !wants("pod.metadata.labels.app", "apps"));
  assert(wants("pod.metadata.labels['example.org/a']", "example.org/a"));
  assert(wants("pod.metadata.labels[tier]", "tier"));
  assert(!extraction("pod.metadata.labels").wantsKey("pod", "annotations", "app"));
  const rules = new Extraction({
    metadata: [],
    labels: [{ from: "Pod", key: "app.kubernetes.io/*" }],
    annotations: [{ from: "*", key: "{team,owner}" }],
  });
  assert(rules.wantsKey("pod", "labels", "app.kubernetes.io/name") && !rules.wantsKey("pod", "labels", "app"));
  assert(rules.wantsKey("deployment", "annotations", "owner") && !rules.wantsKey("pod", "annotations", "owners"));
});

Deno.test("wantedKeys() keeps what any side wants, cut to a bearable length", () => {
  const sides = [extraction("pod.metadata.labels.a"), extraction("pod.metadata.labels.b")];
  const labels = { a: "1", b: "x".repeat(2_003), c: "3" };
  assert.deepEqual(wantedKeys(sides, "pod", "labels", labels), { a: "1", b: "x".repeat(1_024) });
  assert.deepEqual(wantedKeys(sides, "node", "labels", labels), {});
  assert.deepEqual(wantedKeys(sides, "pod", "labels", undefined), {});
  assert.deepEqual(wantedKeys([extraction("pod.metadata.labels")], "pod", "labels", { a: 7 } as never), {});
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
  const pattern = (key: string) => () =>
    new Extraction({ metadata: [], labels: [{ from: "pod", key }], annotations: [] });
  assert.throws(pattern(""), /1 to 512 characters/);
  assert.throws(pattern("x".repeat(513)), /1 to 512 characters/);
  assert.throws(pattern("[a"), { name: "UsageError" });
});

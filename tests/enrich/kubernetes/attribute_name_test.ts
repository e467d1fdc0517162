import assert from "node:assert/strict";
import { nameRefusal } from "../../../src/enrich/kubernetes/attribute_name.ts";
import { KUBERNETES_ATTRIBUTES } from "../../../src/enrich/kubernetes/mod.ts";
import { ATTRIBUTES } from "../../../src/export/attributes.ts";

Deno.test("nameRefusal() refuses every name that flows have anyway", () => {
  const own = ATTRIBUTES.flatMap(({ name }) => /^(?:source|destination)\.(.*)$/.exec(name)?.[1] ?? []);
  assert(own.length >= 4, `${own.length} names of sides`);
  const ofKubernetes = KUBERNETES_ATTRIBUTES.filter(({ of, name }) => of === "end" && !name.endsWith("KEY"))
    .map(({ name }) => name.replace("KIND", "rollout"));
  for (const name of [...own, ...ofKubernetes]) assert.equal(nameRefusal(name), "built_in_name", name);
});

Deno.test("nameRefusal() refuses no name and long ones, and lets all others be", () => {
  assert.equal(nameRefusal(""), "no_name");
  assert.equal(nameRefusal("x".repeat(513)), "long_name");
  const free = ["app", "k8s.pod.label.name", "k8s.pod.names", "k8s_pod.name", "my.k8s.pod.name", "x".repeat(512)];
  for (const name of free) assert.equal(nameRefusal(name), undefined, name);
});

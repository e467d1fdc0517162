import assert from "node:assert/strict";
import { type KindName, kindOf, KINDS, pathOf, roleRule } from "../../../src/enrich/kubernetes/kinds.ts";
import { ObjectFilter } from "../../../src/enrich/kubernetes/object_filter.ts";
import type { ObjectSelector } from "../../../src/enrich/kubernetes/options.ts";

function kindsOf(...selectors: ObjectSelector[]): KindName[] {
  return new ObjectFilter(selectors).kinds().map(({ name }) => name);
}

Deno.test("ObjectFilter watches every kind but Endpoints when nothing else is said, nodes included", () => {
  assert.deepEqual(kindsOf(), KINDS.map(({ name }) => name).filter((name) => name !== "Endpoints"));
  assert(kindsOf({ kind: "endpoint" }).includes("Endpoints"));
});

Deno.test("ObjectFilter takes what is said of a kind instead of the default for it, and leaves the others", () => {
  const filter = new ObjectFilter([
    { kind: "pods", namespaces: ["a", "b"] },
    { kind: "Pod", matchLabels: { app: "web" } },
    { kind: "Job", include: false },
  ]);
  assert(!filter.watches("Job") && !filter.accepts("Job", "a", {}));
  assert(filter.accepts("Pod", "a", {}));
  assert(filter.accepts("Pod", "c", { app: "web" }));
  assert(!filter.accepts("Pod", "c", { app: "api" }));
  assert(filter.accepts("Service", "c", {}));
  assert(filter.needsLabels("Pod") && !filter.needsLabels("Service"));
});

Deno.test("ObjectFilter takes an object of no namespace where none is asked for, and not else", () => {
  assert(new ObjectFilter([{ kind: "Node" }]).accepts("Node", "", {}));
  assert(!new ObjectFilter([{ kind: "Node", namespaces: ["a"] }]).accepts("Node", "", {}));
});

Deno.test("ObjectFilter watches namespaces whatever is said: selectors of namespaces need them", () => {
  assert(kindsOf({ kind: "Namespace", include: false }).includes("Namespace"));
});

Deno.test("ObjectFilter.scopeOf() asks for no more than it must, and for no less than is wanted", () => {
  const scope = (...selectors: ObjectSelector[]) => new ObjectFilter(selectors).scopeOf(kindOf(selectors[0]!.kind)!);
  const kind = "Pod";
  assert.deepEqual(scope({ kind }), {});
  assert.deepEqual(scope({ kind, namespaces: ["a"] }), { namespace: "a" });
  assert.deepEqual(scope({ kind, namespaces: ["a", "b"] }), {});
  assert.deepEqual(scope({ kind, namespaces: ["a"] }, { kind, matchLabels: { app: "x" } }), {});
  assert.deepEqual(scope({ kind, namespaces: ["a"], matchLabels: { app: "x" } }), {
    namespace: "a",
    labelSelector: "app in (x)",
  });
  assert.deepEqual(scope({ kind, matchLabels: { app: "x" } }, { kind }), {});
  assert.deepEqual(scope({ kind, matchLabels: { app: "x" } }, { kind, matchLabels: { app: "y" } }), {});
  assert.deepEqual(scope({ kind: "Node", namespaces: ["a"] }), {});
});

Deno.test("ObjectFilter() refuses a kind that there is not", () => {
  assert.throws(() => new ObjectFilter([{ kind: "Pot" }]), {
    name: "UsageError",
    message: /Cannot watch kind "Pot": one of Namespace, /,
  });
});

Deno.test("kinds are known by what people call them, and say where they are served and what role they need", () => {
  for (const word of ["Pod", "pod", "PODS", "pods"]) assert.equal(kindOf(word)?.name, "Pod");
  for (const word of ["Endpoint", "endpoints"]) assert.equal(kindOf(word)?.name, "Endpoints");
  assert.equal(kindOf("NetworkPolicies")?.name, "NetworkPolicy");
  assert.equal(kindOf("constructor"), undefined);
  assert.equal(pathOf(kindOf("Pod")!), "/api/v1/pods");
  assert.equal(pathOf(kindOf("CronJob")!, "a"), "/apis/batch/v1/namespaces/a/cronjobs");
  assert.equal(
    roleRule(kindOf("ReplicaSet")!),
    '- apiGroups: ["apps"]\n  resources: ["replicasets"]\n  verbs: ["list", "watch"]',
  );
});

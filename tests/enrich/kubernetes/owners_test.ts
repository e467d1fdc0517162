import assert from "node:assert/strict";
import type { Attributes } from "../../../src/attribute_sets.ts";
import type { OwnerRelations, SelectorRelation } from "../../../src/enrich/kubernetes/options.ts";
import { MISSED_OWNERS_MAX } from "../../../src/limits.ts";
import { buildRecord } from "../../support/build_record.ts";
import { object, type OwnerName, pod, workload } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const POD = { namespace: "shop", name: "web", node: "node-a", hostIp: "192.168.10.1", ips: ["10.1.0.1"] };

const GROUPS: Record<string, string> = { Job: "batch/v1", CronJob: "batch/v1", Node: "v1", Schedule: "example.org/v1" };

function owner(kind: string, name: string, uid?: string, apiVersion = GROUPS[kind] ?? "apps/v1"): OwnerName {
  return { apiVersion, kind, name, ...(uid ? { uid } : {}) };
}

function namesOf(cluster: PureCluster): Attributes {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  const record = buildRecord({ source: "10.1.0.1", startUnixNs: now, endUnixNs: now });
  return cluster.naming.namesOf(record).source!.attributes;
}

function workloadsIn(names: Attributes): Attributes {
  const PATTERN = /^k8s\.(?!pod|node|namespace|owner|resource|cluster)\w+\.name$/;
  return Object.fromEntries(Object.entries(names).filter(([name]) => PATTERN.test(name)));
}

function cronJob(relations: Partial<OwnerRelations>): Attributes {
  const cluster = new PureCluster({
    ownerRelations: { maxDepth: 5, includeKinds: [], excludeKinds: [], ...relations },
  });
  cluster.create(workload("CronJob", "nightly", "shop", owner("Schedule", "all", "uid-of-schedule")));
  cluster.create(workload("Job", "nightly-1", "shop", owner("CronJob", "nightly")));
  cluster.create(pod({ ...POD, owner: owner("Job", "nightly-1") }));
  return workloadsIn(namesOf(cluster));
}

Deno.test("owners are named from the nearest up, a custom resource by its kind", () => {
  assert.deepEqual(cronJob({}), {
    "k8s.job.name": "nightly-1",
    "k8s.cronjob.name": "nightly",
    "k8s.schedule.name": "all",
  });
});

Deno.test("owners are named as deep as wanted, and only kinds that are wanted; the way goes on through the others", () => {
  assert.deepEqual(cronJob({ maxDepth: 0 }), {});
  assert.deepEqual(cronJob({ maxDepth: 2 }), { "k8s.job.name": "nightly-1", "k8s.cronjob.name": "nightly" });
  assert.deepEqual(cronJob({ includeKinds: ["cronjob"] }), { "k8s.cronjob.name": "nightly" });
  assert.deepEqual(cronJob({ excludeKinds: ["JOB"] }), { "k8s.cronjob.name": "nightly", "k8s.schedule.name": "all" });
  assert.deepEqual(cronJob({ includeKinds: ["Job", "CronJob"], excludeKinds: ["Job"] }), {
    "k8s.cronjob.name": "nightly",
  });
});

Deno.test("owners that own each other end the walk", () => {
  const cluster = new PureCluster();
  const uid = "00000000-0000-4000-8000-0000000000bb";
  const set = workload("ReplicaSet", "loop", "shop", owner("ReplicaSet", "loop", uid));
  cluster.putAgain({ ...set, metadata: { ...set.metadata, uid } });
  cluster.create(pod({ ...POD, owner: owner("ReplicaSet", "loop", uid) }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.replicaset.name": "loop" });
});

Deno.test("an owner is found by uid: one of the same name that came later is another", () => {
  const cluster = new PureCluster();
  cluster.create(workload("ReplicaSet", "web", "shop", owner("Deployment", "new", "uid-of-new")));
  cluster.create(pod({ ...POD, owner: owner("ReplicaSet", "web", "uid-of-old") }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.replicaset.name": "web" });
});

Deno.test("an owner of another API group is named by its kind, and none of this one is looked for", () => {
  const cluster = new PureCluster();
  cluster.create(workload("Job", "nightly", "shop", owner("CronJob", "all", "uid-of-all")));
  const { uid } = cluster.get("Job", "shop", "nightly").metadata;
  cluster.create(pod({ ...POD, owner: owner("Job", "nightly", uid, "batch.volcano.sh/v1alpha1") }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.job.name": "nightly" });
});

/** Many pods of owners that never come, then one whose ReplicaSet comes late: what it is called then. */
function namesAfterManyMissed(owned: (i: number) => OwnerName, count: number): Attributes {
  const cluster = new PureCluster();
  for (let i = 0; i < count; i++) {
    cluster.create(pod({ ...POD, name: `pod-${i}`, owner: owned(i) }));
    namesOf(cluster);
    cluster.nowMs += 2_000;
    cluster.delete("Pod", "shop", `pod-${i}`);
    cluster.nowMs += 2_000;
    if (i % 100 === 0) cluster.naming.forget();
  }
  cluster.create(pod({ ...POD, owner: owner("ReplicaSet", "web-1", "uid-of-web-1") }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.replicaset.name": "web-1" });
  const set = workload("ReplicaSet", "web-1", "shop", owner("Deployment", "web", "uid-of-web"));
  cluster.putAgain({ ...set, metadata: { ...set.metadata, uid: "uid-of-web-1" } });
  return workloadsIn(namesOf(cluster));
}

Deno.test("an owner that comes late is named, however many others never came", () => {
  const late = { "k8s.replicaset.name": "web-1", "k8s.deployment.name": "web" };
  const foreign = (i: number) => owner("Job", `job-${i}`, `uid-${i}`, "batch.volcano.sh/v1alpha1");
  assert.deepEqual(namesAfterManyMissed(foreign, MISSED_OWNERS_MAX), late);
  assert.deepEqual(namesAfterManyMissed((i) => owner("Job", `job-${i}`, `uid-${i}`), MISSED_OWNERS_MAX), late);
});

Deno.test("an owner that is deleted is remembered with its pods", () => {
  const cluster = new PureCluster();
  cluster.create(workload("Deployment", "web", "shop"));
  cluster.create(workload("ReplicaSet", "web-1", "shop", owner("Deployment", "web")));
  cluster.create(pod({ ...POD, owner: owner("ReplicaSet", "web-1") }));
  cluster.delete("Deployment", "shop", "web");
  cluster.delete("ReplicaSet", "shop", "web-1");
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.replicaset.name": "web-1", "k8s.deployment.name": "web" });
});

Deno.test("an owner that was thought to be deleted and is not is remembered like the others", () => {
  const cluster = new PureCluster({ memoryMs: 10_000 });
  const set = cluster.create(workload("ReplicaSet", "web-1", "shop", owner("Deployment", "web", "uid-of-web")));
  cluster.create(pod({ ...POD, owner: owner("ReplicaSet", "web-1") }));
  cluster.delete("ReplicaSet", "shop", "web-1");
  cluster.putAgain(set);
  cluster.nowMs += 60_000;
  cluster.naming.forget();
  for (let i = 0; i < 3; i++) cluster.naming.forget();
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.replicaset.name": "web-1", "k8s.deployment.name": "web" });
});

Deno.test("the controller is the owner, whoever else stands before it", () => {
  const cluster = new PureCluster();
  const made = pod(POD);
  made.metadata.ownerReferences = [
    { ...owner("Other", "first", "uid-1") },
    { ...owner("StatefulSet", "db", "uid-2"), controller: true },
  ];
  cluster.create(made);
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.statefulset.name": "db" });
});

Deno.test("a node that owns its static pod is no workload", () => {
  const cluster = new PureCluster();
  cluster.create(pod({ ...POD, owner: owner("Node", "other", "uid-of-node") }));
  const names = namesOf(cluster);
  assert.deepEqual(workloadsIn(names), {});
  assert.equal(names["k8s.node.name"], "node-a");
});

function related(...relations: SelectorRelation[]): PureCluster {
  const cluster = new PureCluster({ selectorRelations: relations, standardNames: false });
  cluster.create(pod({ ...POD, labels: { app: "web", tier: "front" } }));
  return cluster;
}

function service(name: string, selector: unknown, namespace = "shop") {
  return object("v1", "Service", name, namespace, { spec: { selector, ports: [] } });
}

Deno.test("a selector relation names the object whose selector matches the pod: of several the oldest", () => {
  const cluster = related({ kind: "Service", to: "Pod" });
  assert.deepEqual(workloadsIn(namesOf(cluster)), {});
  cluster.create(service("other-namespace", { app: "web" }, "other"));
  cluster.create(service("no-match", { app: "api" }));
  cluster.create(service("empty", {}));
  cluster.create(service("none", undefined));
  assert.deepEqual(workloadsIn(namesOf(cluster)), {});
  cluster.nowMs += 1_000;
  cluster.create(service("z-older", { app: "web" }));
  cluster.nowMs += 1_000;
  cluster.create(service("a-newer", { app: "web", tier: "front" }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.service.name": "z-older" });
  cluster.delete("Service", "shop", "z-older");
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.service.name": "a-newer" });
  cluster.update("Service", "shop", "a-newer", (service) => service.spec.selector.tier = "back");
  assert.deepEqual(workloadsIn(namesOf(cluster)), {});
});

Deno.test("a selector relation reads the paths that it is given, and a policy's that asks for nothing takes all", () => {
  const cluster = related({
    kind: "networkpolicy",
    to: "pod",
    selectorMatchLabelsField: "spec.podSelector.matchLabels",
    selectorMatchExpressionsField: "spec.podSelector.matchExpressions",
  });
  const policy = (name: string, podSelector: unknown) =>
    object("networking.k8s.io/v1", "NetworkPolicy", name, "shop", { spec: { podSelector } });
  cluster.create(policy("narrow", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }));
  assert.deepEqual(workloadsIn(namesOf(cluster)), {});
  cluster.create(policy("wide", {}));
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.networkpolicy.name": "wide" });
});

Deno.test("a selector relation of a workload asks for the whole object", () => {
  const cluster = related({ kind: "Deployment", to: "Pod" });
  const deployment = workload("Deployment", "web", "shop");
  cluster.create(deployment);
  assert.equal(cluster.naming.needsWhole(cluster.kind("Deployment")), true);
  assert.equal(cluster.naming.needsWhole(cluster.kind("ReplicaSet")), false);
  assert.deepEqual(workloadsIn(namesOf(cluster)), { "k8s.deployment.name": "web" });
});

Deno.test("a selector relation that cannot be is refused", () => {
  const rows: Array<[SelectorRelation, RegExp]> = [
    [{ kind: "Node", to: "Pod" }, /Cannot relate kind "Node" by selector: one of NetworkPolicy, Service/],
    [{ kind: "Pot", to: "Pod" }, /Cannot relate kind "Pot"/],
    [{ kind: "Service", to: "Node" }, /Cannot relate Service to "Node": Pod is wanted/],
    [{ kind: "Service", to: "Pod", selectorMatchLabelsField: "spec..x" }, /Cannot use path/],
  ];
  for (const [relation, message] of rows) assert.throws(() => related(relation), { name: "UsageError", message });
});

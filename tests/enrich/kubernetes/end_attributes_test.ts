import assert from "node:assert/strict";
import type { Attributes } from "../../../src/attribute_sets.ts";
import { defaultSide, type ExtractOptions, type KubernetesOptions } from "../../../src/enrich/kubernetes/options.ts";
import type { Json } from "../../support/cluster/api_user.ts";
import { buildRecord } from "../../support/build_record.ts";
import { object, pod, workload } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

function cluster(extract: Partial<ExtractOptions>, rest: Partial<KubernetesOptions> = {}, image = "app"): PureCluster {
  const side = defaultSide("source");
  const made = new PureCluster({
    source: { ...side, extract: { metadata: [], labels: [], annotations: [], ...extract } },
    standardNames: false,
    ...rest,
  });
  made.create(
    object("v1", "Namespace", "shop", "", { labels: { team: "blue" }, annotations: { "example.org/cost": "7" } }),
  );
  const addresses = [{ type: "ExternalIP", address: "203.0.113.9" }, { type: "InternalIP", address: "192.168.10.1" }];
  made.create(object("v1", "Node", "node-a", "", { labels: { zone: "a" }, status: { addresses } }));
  made.create(workload("StatefulSet", "db", "shop"));
  const owned = pod({
    namespace: "shop",
    name: "db-0",
    node: "node-a",
    hostIp: "192.168.10.1",
    ips: ["10.1.0.1"],
    labels: { app: "db", "app.kubernetes.io/name": "postgres" },
    owner: { apiVersion: "apps/v1", kind: "StatefulSet", name: "db" },
    containers: [{ name: "main", image, ports: [{ containerPort: 5432 }] }],
  });
  owned.metadata.annotations = { "example.org/owner": "ada", other: "x" };
  made.create(owned);
  return made;
}

function namesOf(cluster: PureCluster, sourcePort = 40_009): Attributes {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  const record = buildRecord({ source: "10.1.0.1", sourcePort, protocol: 6, startUnixNs: now, endUnixNs: now });
  return cluster.naming.namesOf(record).source?.attributes ?? {};
}

Deno.test("an end has the attributes that are extracted and no others; nothing extracted is no set", () => {
  assert.deepEqual(namesOf(cluster({})), {});
  assert.deepEqual(namesOf(cluster({ metadata: ["pod.metadata.name"] })), { "k8s.pod.name": "db-0" });
  assert.deepEqual(namesOf(cluster({ metadata: ["pod.metadata.namespace"] })), { "k8s.namespace.name": "shop" });
  assert.deepEqual(namesOf(cluster({ metadata: ["pod.metadata.node_name"] })), { "k8s.node.name": "node-a" });
  assert.deepEqual(namesOf(cluster({ metadata: ["statefulset.metadata.name"] })), { "k8s.statefulset.name": "db" });
  const uids = namesOf(cluster({ metadata: ["[*].metadata.uid"] }));
  assert.deepEqual(Object.keys(uids).sort(), [
    "k8s.cluster.uid",
    "k8s.namespace.uid",
    "k8s.node.uid",
    "k8s.pod.uid",
    "k8s.statefulset.uid",
  ]);
});

Deno.test("labels and annotations are extracted by key or pattern, of every kind that an end has", () => {
  assert.deepEqual(namesOf(cluster({ labels: [{ from: "pod", key: "app*" }] })), {
    "k8s.pod.label.app": "db",
    "k8s.pod.label.app.kubernetes.io/name": "postgres",
  });
  assert.deepEqual(namesOf(cluster({ labels: [{ from: "*", key: "{team,zone}" }] })), {
    "k8s.namespace.label.team": "blue",
    "k8s.node.label.zone": "a",
  });
  assert.deepEqual(namesOf(cluster({ annotations: [{ from: "*", key: "example.org/*" }] })), {
    "k8s.namespace.annotations.example.org/cost": "7",
    "k8s.pod.annotations.example.org/owner": "ada",
  });
});

Deno.test("a container is known by its port, its image without tag and digest", () => {
  const rows: Array<[string, Attributes]> = [
    ["app", { "container.image.name": "app" }],
    ["app:1.2", { "container.image.name": "app", "container.image.tags": ["1.2"] }],
    ["registry:5000/a/app", { "container.image.name": "registry:5000/a/app" }],
    ["registry:5000/a/app:1@sha256:00", {
      "container.image.name": "registry:5000/a/app",
      "container.image.tags": ["1"],
    }],
    ["app@sha256:00", { "container.image.name": "app" }],
    ["", {}],
  ];
  for (const [image, expected] of rows) {
    const made = cluster({ metadata: ["container.metadata.name"] }, {}, image);
    assert.deepEqual(
      namesOf(made, 5432),
      { "k8s.container.name": "main", "container.name": "main", ...expected },
      image,
    );
    assert.deepEqual(namesOf(made), {}, "a port that no container declares");
  }
});

Deno.test("a cluster's name is the configured one", () => {
  assert.deepEqual(namesOf(cluster({}, { clusterName: "east" })), { "k8s.cluster.name": "east" });
});

Deno.test("the standard's names stand beside the others where they are wanted", () => {
  assert.deepEqual(namesOf(cluster({}, { standardNames: true })), {
    "k8s.owner.name": "db",
    "k8s.owner.type": "StatefulSet",
    "k8s.resource.type": "Pod",
    "k8s.node.ip": "192.168.10.1",
  });
});

Deno.test("a pod's next version is told from the one before by whatever names may say of it", () => {
  const metadata = ["pod.metadata.name", "statefulset.metadata.name", "container.metadata.name"];
  const every = [{ from: "pod", key: "*" }];
  const made = cluster({ metadata, labels: every, annotations: every });
  made.create(workload("StatefulSet", "db-next", "shop"));
  const owner = made.get("StatefulSet", "shop", "db-next").metadata;
  const before = namesOf(made, 5432);
  const rows: Array<[(pod: Json) => void, Attributes]> = [
    [({ metadata }) => metadata.labels.app = "queue", { "k8s.pod.label.app": "queue" }],
    [({ metadata }) => metadata.labels.tier = "1", { "k8s.pod.label.tier": "1" }],
    [({ metadata }) => metadata.annotations.other = "y", { "k8s.pod.annotations.other": "y" }],
    [({ spec }) => spec.containers[0].image = "app:2", {
      "container.image.name": "app",
      "container.image.tags": ["2"],
    }],
    [({ metadata }) => Object.assign(metadata.ownerReferences[0], { name: owner.name, uid: owner.uid }), {
      "k8s.statefulset.name": "db-next",
    }],
  ];
  let expected = before;
  for (const [change, difference] of rows) {
    made.update("Pod", "shop", "db-0", change);
    assert.deepEqual(namesOf(made, 5432), expected = { ...expected, ...difference });
  }
  made.update("Pod", "shop", "db-0", ({ metadata }) => delete metadata.labels.tier);
  const { "k8s.pod.label.tier": _, ...rest } = expected;
  assert.deepEqual(namesOf(made, 5432), rest);
  const counts = made.naming.counters.of("Pod");
  assert.equal(counts.unchanged, 0);
  made.update("Pod", "shop", "db-0", ({ metadata, status }) => {
    metadata.resourceVersion = "97";
    metadata.labels = Object.fromEntries(Object.entries(metadata.labels).reverse());
    status.conditions = [{ type: "Ready", status: "True" }];
  });
  assert.equal(counts.unchanged, 1);
});

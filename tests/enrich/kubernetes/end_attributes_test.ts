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

function everyLabel(): KubernetesOptions["source"] {
  const side = defaultSide("source");
  return { ...side, extract: { metadata: [], labels: [{ from: "*", key: "*" }], annotations: [] } };
}

function namesOf(cluster: PureCluster, sourcePort = 40_009, source = "10.1.0.1"): Attributes {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  const record = buildRecord({ source, sourcePort, protocol: 6, startUnixNs: now, endUnixNs: now });
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

Deno.test("labels of every kind that names an end are extracted, and are others when they change", () => {
  const made = new PureCluster({ standardNames: false, source: everyLabel() });
  made.create(object("v1", "Namespace", "shop", "", { labels: { mark: "ns" } }));
  made.create(object("v1", "Node", "node-a", "", { labels: { mark: "node" } }));
  const owned: Array<[string, string, string?]> = [
    ["Deployment", "web"],
    ["ReplicaSet", "web-1", "Deployment"],
    ["StatefulSet", "db"],
    ["DaemonSet", "proxy"],
    ["CronJob", "nightly"],
    ["Job", "nightly-1", "CronJob"],
  ];
  let last = 1;
  const ends: Array<[string, string[]]> = [];
  for (const [kind, name, above] of owned) {
    const apiVersion = kind.endsWith("Job") ? "batch/v1" : "apps/v1";
    const owner = above ? { owner: { apiVersion, kind: above, name: name.split("-")[0]! } } : {};
    made.create(object("v1", kind, name, "shop", { ...owner, labels: { mark: name } }));
    if (kind === "Deployment" || kind === "CronJob") continue;
    const ip = `10.1.0.${++last}`;
    const parts = { namespace: "shop", name: `pod-${last}`, node: "node-a", hostIp: "192.168.10.1", ips: [ip] };
    made.create(pod({ ...parts, labels: { mark: "pod" }, owner: { apiVersion, kind, name } }));
    ends.push([ip, ["node", "namespace", "pod", kind.toLowerCase(), ...(above ? [above.toLowerCase()] : [])]]);
  }
  const spec = { clusterIP: "10.96.0.7", ports: [{ port: 80, protocol: "TCP" }] };
  made.create(object("v1", "Service", "web", "shop", { labels: { mark: "service" }, spec }));
  ends.push(["10.96.0.7", ["namespace", "service"]]);
  made.nowMs += 5_000;
  const read = (ip: string) =>
    Object.fromEntries(Object.entries(namesOf(made, 40_009, ip)).filter(([name]) => name.includes(".label.")));
  for (const [ip, words] of ends) {
    const names = words.map((word) => `k8s.${word}.label.mark`).sort();
    assert.deepEqual(Object.keys(read(ip)).sort(), names, ip);
  }
  const changes: Array<[string, string, string, string]> = [
    ["Namespace", "", "shop", "10.96.0.7"],
    ["Node", "", "node-a", "10.1.0.2"],
    ["Deployment", "shop", "web", "10.1.0.2"],
    ["CronJob", "shop", "nightly", "10.1.0.5"],
    ["Service", "shop", "web", "10.96.0.7"],
  ];
  for (const [kind, namespace, name, ip] of changes) {
    made.update(kind, namespace, name, ({ metadata }) => metadata.labels.mark = "changed");
    assert.equal(read(ip)[`k8s.${kind.toLowerCase()}.label.mark`], "changed", kind);
  }
});

Deno.test("of rules that give one name the first that finds something does, of its objects the nearest", () => {
  const labels = (...froms: string[]) => froms.map((from) => ({ from, keyRegex: "team|zone|app", attribute: "owner" }));
  const owner = (...froms: string[]) => {
    const made = cluster({ labels: labels(...froms) });
    return [namesOf(made)["owner"], made.naming.counters.unextracted.other_value];
  };
  assert.deepEqual(owner("namespace", "pod"), ["blue", 1]);
  assert.deepEqual(owner("deployment", "node", "namespace"), ["a", 1]);
  assert.deepEqual(owner("*"), ["db", 2]);
  assert.deepEqual(owner("pod", "pod"), ["db", 0]);
});

Deno.test("an attribute that cannot have its name is left out and counted; what flows have anyway stays", () => {
  const made = cluster({
    metadata: ["pod.metadata.name"],
    annotations: [
      { from: "pod", keyRegex: "example.org/(own)(er)", attribute: "k8s.$1$2.name" },
      { from: "pod", keyRegex: "(x)?other", attribute: "$1" },
      { from: "pod", keyRegex: "(.*)", attribute: "$1".repeat(60) },
      { from: "pod", key: "other", attribute: "constructor" },
      { from: "pod", key: "other", attribute: "__proto__" },
    ],
  });
  const expected = Object.entries({ "k8s.pod.name": "db-0", [`${"other".repeat(60)}`]: "x", constructor: "x" });
  assert.deepEqual(Object.entries(namesOf(made)), [...expected, ["__proto__", "x"]]);
  assert.deepEqual(made.naming.counters.unextracted, { no_name: 1, long_name: 1, built_in_name: 1, other_value: 0 });
  namesOf(made);
  assert.equal(made.naming.counters.unextracted.no_name, 1, "names are made once");
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

Deno.test("a node's address is its internal one, else its external one, and never a host name", () => {
  const ipOf = (addresses: { type: string; address: string }[]) => {
    const made = cluster({}, { standardNames: true });
    made.create(object("v1", "Node", "node-a", "", { status: { addresses } }));
    return namesOf(made)["k8s.node.ip"];
  };
  const name = { type: "Hostname", address: "node-a.example" };
  const external = { type: "ExternalIP", address: "203.0.113.9" };
  assert.equal(ipOf([name, external]), "203.0.113.9");
  assert.equal(ipOf([name]), undefined);
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

import assert from "node:assert/strict";
import type { Attributes } from "../../../src/attribute_sets.ts";
import type { KubernetesOptions } from "../../../src/enrich/kubernetes/mod.ts";
import { Fact, KIND_FRAGMENT } from "../../../src/flow_record.ts";
import { buildRecord, type RecordFields } from "../../support/build_record.ts";
import { endpointSlice, object, pod } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const NODE = { node: "node-a", hostIp: "192.168.10.1" };
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const [WEB, API, DB] = ["10.1.0.1", "10.1.0.2", "10.1.0.3"] as const;
const OUTSIDE = "192.0.2.1";

/** web and api in shop (team blue), db in data (team green). */
function cluster(options: Partial<KubernetesOptions> = {}, ownAddresses: string[] = []): PureCluster {
  const made = new PureCluster(options, undefined, ownAddresses);
  made.create(object("v1", "Namespace", "shop", "", { labels: { team: "blue" } }));
  made.create(object("v1", "Namespace", "data", "", { labels: { team: "green" } }));
  const node = { spec: {}, status: { addresses: [{ type: "InternalIP", address: "192.168.10.1" }] } };
  made.create(object("v1", "Node", "node-a", "", node));
  const container = (name: string, containerPort: number) => [{ name: "main", ports: [{ name, containerPort }] }];
  made.create(pod({ ...NODE, namespace: "shop", name: "web", ips: [WEB], labels: { app: "web" } }));
  made.create(
    pod({
      ...NODE,
      namespace: "shop",
      name: "api",
      ips: [API],
      labels: { app: "api" },
      containers: container("https", 8443),
    }),
  );
  made.create(
    pod({
      ...NODE,
      namespace: "data",
      name: "db",
      ips: [DB],
      labels: { app: "db" },
      containers: container("sql", 5432),
    }),
  );
  return made;
}

function policy(cluster: PureCluster, namespace: string, name: string, spec: unknown): void {
  cluster.create(object("networking.k8s.io/v1", "NetworkPolicy", name, namespace, { spec }));
}

function says(cluster: PureCluster, source: string, destination: string, port = 5432, rest: RecordFields = {}): string {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  const record = buildRecord({
    protocol: TCP,
    source,
    destination,
    destinationPort: port,
    startUnixNs: now,
    endUnixNs: now,
    ...rest,
  });
  const attributes: Attributes = cluster.naming.namesOf(record).flow?.attributes ?? {};
  return ["ingress", "egress"].flatMap((direction) => {
    const names = attributes[`network.policies.${direction}`];
    return names ? [`${direction} ${attributes[`network.policies.${direction}.verdict`]} ${names}`] : [];
  }).join("; ");
}

Deno.test("a pod that no policy isolates has nothing said of it", () => {
  const made = cluster();
  policy(made, "shop", "elsewhere", { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Egress"] });
  assert.equal(says(made, API, DB), "");
  assert.equal(says(made, OUTSIDE, OUTSIDE), "");
});

Deno.test("policies without rules deny, in the directions that they are of", () => {
  const made = cluster();
  policy(made, "data", "in", { podSelector: {}, policyTypes: ["Ingress"] });
  policy(made, "shop", "out", { podSelector: {}, policyTypes: ["Egress"] });
  assert.equal(says(made, API, DB), "ingress deny data/in; egress deny shop/out");
  assert.equal(says(made, DB, API), "");
  policy(made, "data", "of-old", { podSelector: {} });
  assert.equal(says(made, WEB, DB), "ingress deny data/in,data/of-old; egress deny shop/out", "Ingress is the default");
  policy(made, "data", "out-by-rule", { podSelector: {}, egress: [{}] });
  assert.equal(says(made, DB, API), "egress allow data/out-by-rule", "Egress where there are rules for it");
});

Deno.test("policies add up: one that permits is enough, and all that do are named", () => {
  const made = cluster();
  policy(made, "data", "deny", { podSelector: {} });
  policy(made, "data", "blue", {
    podSelector: {},
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "blue" } } }] }],
  });
  policy(made, "data", "all", { podSelector: { matchLabels: { app: "db" } }, ingress: [{}] });
  assert.equal(says(made, API, DB), "ingress allow data/all,data/blue");
  assert.equal(says(made, OUTSIDE, DB), "ingress allow data/all");
});

Deno.test("peers: pods of the own namespace, of others, all of a namespace, and both selectors together", () => {
  const made = cluster();
  const from = (peer: unknown) => ({ podSelector: { matchLabels: { app: "db" } }, ingress: [{ from: [peer] }] });
  const blue = { namespaceSelector: { matchLabels: { team: "blue" } } };
  const rows: Array<[unknown, string[]]> = [
    [{ podSelector: {} }, []],
    [{ namespaceSelector: {} }, [WEB, API]],
    [blue, [WEB, API]],
    [{ namespaceSelector: { matchLabels: { team: "red" } } }, []],
    [{ ...blue, podSelector: { matchLabels: { app: "api" } } }, [API]],
    [{
      namespaceSelector: { matchExpressions: [{ key: "team", operator: "NotIn", values: ["green"] }] },
      podSelector: {},
    }, [WEB, API]],
    [{ ipBlock: { cidr: "10.1.0.0/24", except: ["10.1.0.2/32"] } }, [WEB]],
    [{ ipBlock: { cidr: "no range" } }, []],
    [{}, []],
  ];
  for (const [i, [peer, allowed]] of rows.entries()) {
    policy(made, "data", `p${i}`, from(peer));
    for (const source of [WEB, API, OUTSIDE]) {
      const verdict = allowed.includes(source) ? "allow" : "deny";
      assert.equal(says(made, source, DB), `ingress ${verdict} data/p${i}`, `${JSON.stringify(peer)} from ${source}`);
    }
    made.delete("NetworkPolicy", "data", `p${i}`);
  }
});

Deno.test("a block of IPv6 permits no IPv4, and excepts none", () => {
  const made = cluster();
  const from = (ipBlock: unknown) => ({ podSelector: {}, ingress: [{ from: [{ ipBlock }] }] });
  policy(made, "data", "every-v6", from({ cidr: "::/0" }));
  assert.equal(says(made, OUTSIDE, DB), "ingress deny data/every-v6");
  policy(made, "data", "every-v4", from({ cidr: "0.0.0.0/0", except: ["::/0"] }));
  assert.equal(says(made, OUTSIDE, DB), "ingress allow data/every-v4");
});

Deno.test("ports: numbers, ranges, names and protocols; none at all permits whatever there is", () => {
  const made = cluster();
  const ports = (...ports: unknown[]) => ({ podSelector: {}, ingress: [{ ports }] });
  const rows: Array<[unknown, Array<[number, number]>]> = [
    [ports(), [[5432, TCP], [9, UDP], [0, ICMP], [9999, TCP]]],
    [ports({ port: 5432 }), [[5432, TCP]]],
    [ports({ protocol: "UDP", port: 9 }), [[9, UDP]]],
    [ports({ protocol: "TCP" }), [[5432, TCP], [9999, TCP]]],
    [ports({ port: 5000, endPort: 6000 }), [[5432, TCP]]],
    [ports({ port: "sql" }), [[5432, TCP]]],
    [ports({ protocol: "UDP", port: "sql" }), []],
    [ports({ port: "https" }), []],
    [ports({ port: 9999 }, { protocol: "UDP", port: 9 }), [[9, UDP], [9999, TCP]]],
  ];
  for (const [i, [spec, allowed]] of rows.entries()) {
    policy(made, "data", `p${i}`, spec);
    for (const [port, protocol] of [[5432, TCP], [9, UDP], [0, ICMP], [9999, TCP]] as const) {
      const isAllowed = allowed.some(([own, ofProtocol]) => own === port && ofProtocol === protocol);
      const expected = `ingress ${isAllowed ? "allow" : "deny"} data/p${i}`;
      assert.equal(says(made, API, DB, port, { protocol }), expected, `${JSON.stringify(spec)} ${port}/${protocol}`);
    }
    made.delete("NetworkPolicy", "data", `p${i}`);
  }
});

Deno.test("a port by name is one of the pod that the flow goes to, in egress rules, too", () => {
  const made = cluster();
  policy(made, "data", "out", { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ port: "https" }] }] });
  assert.equal(says(made, DB, API, 8443), "egress allow data/out");
  assert.equal(says(made, DB, API, 5432), "egress deny data/out");
  assert.equal(says(made, DB, OUTSIDE, 8443), "egress deny data/out", "who is no pod has no names of ports");
});

Deno.test("policies say nothing of a pod's own node, of the pod itself, of pods of the host and of services", () => {
  const made = cluster();
  policy(made, "data", "closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  assert.equal(says(made, "192.168.10.1", DB), "");
  assert.equal(says(made, DB, "192.168.10.1"), "");
  assert.equal(says(made, DB, DB), "");
  made.create(object("v1", "Service", "db", "data", { spec: { clusterIP: "10.96.0.9", ports: [] } }));
  assert.equal(says(made, DB, "10.96.0.9"), "", "it is decided behind the service's address");
  const containers = [{ name: "main", ports: [{ containerPort: 9100 }] }];
  made.create(pod({ ...NODE, namespace: "data", name: "host", ips: ["192.168.10.1"], hostNetwork: true, containers }));
  assert.equal(says(made, WEB, "192.168.10.1", 9100), "");
  assert.equal(says(made, DB, "192.168.10.1", 9100), "", "a pod of the own node's network is the own node");
  assert.equal(says(made, "192.168.10.1", DB, 5432, { sourcePort: 9100 }), "");
});

Deno.test("a pod's own node is known by every address of this host, as by the bridge's", () => {
  const own = ["192.168.10.1", "10.1.0.254", "fd00::fe"];
  const made = cluster({}, own);
  policy(made, "data", "closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  const facts = Fact.LOCAL_SOURCE;
  assert.equal(says(made, "10.1.0.254", DB, 5432, { facts }), "");
  assert.equal(says(made, DB, "10.1.0.254"), "");
  assert.equal(says(made, "10.1.0.253", DB), "ingress deny data/closed", "this address is no host's");
  const node = { spec: {}, status: { addresses: [{ type: "InternalIP", address: "192.168.10.2" }] } };
  made.create(object("v1", "Node", "node-b", "", node));
  const elsewhere = { node: "node-b", hostIp: "192.168.10.2", namespace: "data" };
  made.create(pod({ ...elsewhere, name: "far", ips: ["10.1.1.3", "fd00::1:3"] }));
  assert.equal(says(made, "10.1.0.254", "10.1.1.3"), "ingress deny data/closed", "a pod of another node");
  assert.equal(says(made, "fd00::fe", "fd00::1:3"), "ingress deny data/closed");
  made.delete("Node", "", "node-a");
  made.nowMs += 3_600_000;
  made.naming.forget();
  assert.equal(says(made, "10.1.0.254", DB), "", "who has no Node is not known to be another");
});

Deno.test("a port of a node that leads to a pod is judged as the pod's own, and by its pod's rules only", () => {
  const made = cluster();
  const ports = [{ name: "http", containerPort: 8000, hostPort: 8088 }];
  const edge = pod({ ...NODE, namespace: "shop", name: "edge", ips: ["10.1.0.9"], containers: [{ name: "m", ports }] });
  made.create(edge);
  const address = { status: { addresses: [{ type: "InternalIP", address: "192.168.10.2" }] } };
  made.create(object("v1", "Node", "node-b", "", address));
  const elsewhere = { node: "node-b", hostIp: "192.168.10.2", namespace: "data" };
  made.create(pod({ ...elsewhere, name: "far", ips: ["10.1.1.3"], labels: { app: "far" } }));
  policy(made, "data", "out", { podSelector: {}, policyTypes: ["Egress"] });
  for (const port of [8000, "http"]) {
    policy(made, "shop", "port", { podSelector: {}, ingress: [{ ports: [{ port }] }] });
    assert.equal(says(made, OUTSIDE, "192.168.10.1", 8088), "ingress allow shop/port");
    assert.equal(says(made, OUTSIDE, "10.1.0.9", 8000), "ingress allow shop/port", "the same behind it");
    assert.equal(says(made, OUTSIDE, "10.1.0.9", 8088), "ingress deny shop/port", "no container listens there");
    assert.equal(says(made, "10.1.1.3", "192.168.10.1", 8088), "ingress allow shop/port", "it goes to a node first");
    made.delete("NetworkPolicy", "shop", "port");
  }
  policy(made, "shop", "closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  assert.equal(says(made, OUTSIDE, "192.168.10.1", 8088), "ingress deny shop/closed");
  assert.equal(says(made, "192.168.10.1", "10.1.1.3", 80, { sourcePort: 8088 }), "", "left by its node's address");
});

Deno.test("a pod of the host is its node to a rule: a block can name it, a selector cannot", () => {
  const made = cluster();
  const containers = [{ name: "main", ports: [{ containerPort: 9100 }] }];
  made.create(
    pod({
      namespace: "shop",
      name: "host",
      node: "node-b",
      hostIp: "192.168.10.2",
      ips: ["192.168.10.2"],
      hostNetwork: true,
      containers,
    }),
  );
  policy(made, "data", "by-pod", {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [{ to: [{ namespaceSelector: {} }] }],
  });
  assert.equal(says(made, DB, "192.168.10.2", 9100), "egress deny data/by-pod");
  policy(made, "data", "by-block", {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [{ to: [{ ipBlock: { cidr: "192.168.10.0/24" } }] }],
  });
  assert.equal(says(made, DB, "192.168.10.2", 9100), "egress allow data/by-block");
});

const FROM_BLUE = {
  podSelector: {},
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "blue" } } }] }],
};

Deno.test("nothing is said where a selector meets an end that may be a pod and is not known", () => {
  const made = cluster();
  const spec = { podCIDRs: ["10.7.0.0/24"] };
  made.create(object("v1", "Node", "node-c", "", { spec, status: { addresses: [] } }));
  made.create(pod({ ...NODE, namespace: "shop", name: "first", ips: ["10.8.0.1"], labels: { app: "web" } }));
  policy(made, "data", "blue", FROM_BLUE);
  assert.equal(says(made, "10.1.0.77", DB), "", "near pods");
  assert.equal(says(made, "10.7.0.5", DB), "", "in a range that pods get addresses from");
  assert.equal(says(made, OUTSIDE, DB), "ingress deny data/blue", "nobody in the cluster");
  made.create(object("v1", "Node", "node-d", "", { status: { addresses: [{ address: "10.1.0.200" }] } }));
  assert.equal(says(made, "10.1.0.200", DB), "ingress deny data/blue", "a node is no pod");
  made.delete("Pod", "shop", "first");
  made.nowMs += 60_000;
  assert.equal(says(made, "10.8.0.1", DB), "", "who has the address next is not known yet");
  made.create(endpointSlice("shop", "cache-1", "cache", ["10.7.0.6"], []));
  assert.equal(says(made, "10.7.0.6", DB), "", "an endpoint in a range of pods");
  policy(made, "data", "port", { podSelector: {}, ingress: [{ ports: [{ port: 5432 }] }] });
  assert.equal(says(made, "10.1.0.77", DB), "ingress allow data/port", "one that permits whoever it is is enough");
  assert.equal(says(made, "10.1.0.77", DB, 80), "");
});

Deno.test("where a policy does not ask who it is, an end that is not known is denied", () => {
  const made = cluster();
  policy(made, "data", "block", {
    podSelector: {},
    ingress: [{ from: [{ ipBlock: { cidr: "10.9.0.0/16" } }, {}, { ipBlock: { cidr: "no range" } }] }, {
      from: [{ podSelector: {} }],
      ports: [{ port: 80 }],
    }],
  });
  assert.equal(says(made, "10.1.0.77", DB), "ingress deny data/block");
  assert.equal(says(made, "10.1.0.77", DB, 80), "");
});

Deno.test("where pods are filtered out, whoever is not known may be one", () => {
  const made = cluster({ selectors: [{ kind: "Pod", namespaces: ["data"] }] });
  policy(made, "data", "blue", FROM_BLUE);
  assert.equal(says(made, API, DB), "");
  assert.equal(says(made, OUTSIDE, DB), "");
  assert.equal(says(made, "192.168.10.9", DB), "");
  policy(made, "data", "closed", { podSelector: {}, policyTypes: ["Egress"] });
  assert.equal(says(made, DB, OUTSIDE), "egress deny data/closed", "it asks for nobody");
});

Deno.test("nothing is said where a selector meets a namespace that is filtered out", () => {
  const made = cluster({ selectors: [{ kind: "Namespace", matchLabels: { team: "green" } }] });
  policy(made, "data", "blue", FROM_BLUE);
  assert.equal(says(made, API, DB), "");
  made.delete("NetworkPolicy", "data", "blue");
  policy(made, "data", "web-of-blue", {
    podSelector: {},
    ingress: [{ from: [{ ...FROM_BLUE.ingress[0]!.from[0], podSelector: { matchLabels: { app: "web" } } }] }],
  });
  assert.equal(says(made, API, DB), "ingress deny data/web-of-blue", "its labels do not match, wherever it is");
  assert.equal(says(made, WEB, DB), "");
});

Deno.test("nothing is said where a rule wants a port and the flow is fragments, which have none", () => {
  const made = cluster();
  const fragment = { kind: KIND_FRAGMENT };
  const port = (port: unknown) => ({ podSelector: {}, ingress: [{ ports: [{ port }] }] });
  for (const wanted of [5432, "sql", 80]) {
    policy(made, "data", "port", port(wanted));
    assert.equal(says(made, API, DB, 5432, fragment), "", `${wanted}`);
    assert.equal(says(made, API, DB, 5432, { ...fragment, protocol: UDP }), "ingress deny data/port", "of TCP only");
    assert.equal(says(made, API, DB, 0, { protocol: ICMP }), "ingress deny data/port");
    made.delete("NetworkPolicy", "data", "port");
  }
  policy(made, "data", "tcp", { podSelector: {}, ingress: [{ ports: [{ protocol: "TCP" }] }] });
  assert.equal(says(made, API, DB, 5432, fragment), "ingress allow data/tcp");
  policy(made, "shop", "out", {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [{ to: [{ ipBlock: { cidr: "10.9.0.0/16" } }], ports: [{ port: 5432 }] }],
  });
  assert.equal(says(made, API, DB, 5432, fragment), "ingress allow data/tcp; egress deny shop/out", "not to this end");
});

Deno.test("a port by name is not known of an end that may be a pod", () => {
  const made = cluster();
  policy(made, "data", "out", { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ port: "https" }] }] });
  assert.equal(says(made, DB, "10.1.0.77", 8443), "");
  assert.equal(says(made, DB, OUTSIDE, 8443), "egress deny data/out");
});

Deno.test("what policies say follows policies, labels of pods and labels of namespaces", () => {
  const made = cluster();
  policy(made, "data", "blue", {
    podSelector: {},
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "blue" } } }] }],
  });
  assert.equal(says(made, API, DB), "ingress allow data/blue");
  made.update("Namespace", "", "shop", (namespace) => namespace.metadata.labels.team = "red");
  assert.equal(says(made, API, DB), "ingress deny data/blue");
  made.update("NetworkPolicy", "data", "blue", (policy) => policy.spec.podSelector = { matchLabels: { app: "cache" } });
  assert.equal(says(made, API, DB), "");
  made.update("Pod", "data", "db", (pod) => pod.metadata.labels.app = "cache");
  assert.equal(says(made, API, DB), "ingress deny data/blue");
  made.delete("NetworkPolicy", "data", "blue");
  assert.equal(says(made, API, DB), "");
});

/** What is said of a flow that ran then. */
function saidOf(cluster: PureCluster, startMs: number, endMs: number): string {
  const ns = (ms: number) => BigInt(ms) * 1_000_000n;
  return says(cluster, API, DB, 5432, { startUnixNs: ns(startMs), endUnixNs: ns(endMs) });
}

Deno.test("a flow is judged by the policies that were there when it ended", () => {
  const made = cluster();
  const t0 = made.nowMs;
  const at = (s: number) => t0 + s * 1_000;
  const closed = { podSelector: {}, policyTypes: ["Ingress"] };
  made.nowMs = at(20);
  policy(made, "data", "first", closed);
  assert.equal(saidOf(made, at(0), at(19)), "", "before the first one");
  made.nowMs = at(40);
  policy(made, "data", "second", { podSelector: {}, ingress: [{}] });
  made.nowMs = at(60);
  made.delete("NetworkPolicy", "data", "first");
  made.nowMs = at(80);
  made.delete("NetworkPolicy", "data", "second");
  const rows: Array<[number, number, string]> = [
    [0, 19, ""],
    [0, 20, "ingress deny data/first"],
    [0, 39, "ingress deny data/first"],
    [21, 40, "ingress allow data/second"],
    [30, 59, "ingress allow data/second"],
    [41, 70, "ingress allow data/second"],
    [41, 80, ""],
    [81, 90, ""],
  ];
  for (const order of [rows, rows.toReversed(), rows]) {
    for (const [start, end, said] of order) {
      assert.equal(saidOf(made, at(start), at(end)), said, `${start} to ${end} s`);
    }
  }
});

Deno.test("a policy that is gone is judged by as long as its flows may come, then forgotten", () => {
  const made = cluster({ memoryMs: 300_000 });
  const t0 = made.nowMs;
  policy(made, "data", "closed", { podSelector: {} });
  made.nowMs += 10_000;
  made.delete("NetworkPolicy", "data", "closed");
  made.nowMs += 299_999;
  made.naming.forget();
  assert.equal(saidOf(made, t0, t0 + 9_999), "ingress deny data/closed");
  made.nowMs += 1;
  made.naming.forget();
  assert.equal(saidOf(made, t0, t0 + 9_999), "");
  assert.equal(made.naming.store.policiesIn("data").length, 0);
});

Deno.test("a policy that is made again in the same second is named once, and one that comes back is there", () => {
  const made = cluster();
  const closed = { podSelector: {}, policyTypes: ["Ingress"] };
  policy(made, "data", "closed", closed);
  const first = made.get("NetworkPolicy", "data", "closed");
  made.nowMs += 10_700;
  made.delete("NetworkPolicy", "data", "closed");
  made.nowMs += 100;
  policy(made, "data", "closed", closed);
  assert.equal(saidOf(made, made.nowMs - 400, made.nowMs - 300), "ingress deny data/closed");
  made.delete("NetworkPolicy", "data", "closed");
  assert.equal(says(made, API, DB), "");
  made.putAgain(first);
  assert.equal(says(made, API, DB), "ingress deny data/closed");
});

Deno.test("what is remembered of policies is bounded, however many labels pods have", () => {
  const made = cluster();
  policy(made, "data", "deny", { podSelector: {} });
  const flows = new Set<number>();
  for (let i = 0; i < 4_201; i++) {
    const ip = `10.2.${i >> 8}.${i & 255}`;
    made.create(pod({ ...NODE, namespace: "data", name: `pod-${i}`, ips: [ip], labels: { number: `${i}` } }));
    const now = BigInt(made.nowMs) * 1_000_000n;
    const record = buildRecord({ protocol: TCP, source: API, destination: ip, startUnixNs: now, endUnixNs: now });
    flows.add(made.naming.namesOf(record).flow!.id);
  }
  assert.equal(flows.size, 1);
  policy(made, "data", "more", { podSelector: {} });
  says(made, API, DB);
  made.sets.collect(() => {});
  assert.equal(made.sets.byId([...flows][0]!), undefined, "no owner is left behind");
});

Deno.test("sets of policies are kept once, and given back when policies change", () => {
  const made = cluster();
  policy(made, "data", "deny", { podSelector: {} });
  const now = BigInt(made.nowMs) * 1_000_000n;
  const record = buildRecord({ protocol: TCP, source: API, destination: DB, startUnixNs: now, endUnixNs: now });
  const first = made.naming.namesOf(record).flow!;
  assert.equal(made.naming.namesOf(record).flow, first);
  policy(made, "data", "also", { podSelector: {} });
  assert.notEqual(made.naming.namesOf(record).flow!.id, first.id);
  made.sets.collect(() => {});
  assert.equal(made.sets.byId(first.id), undefined);
});

import assert from "node:assert/strict";
import type { Attributes } from "../../../src/attribute_sets.ts";
import { defaultSide, type KubernetesOptions, type SideOptions } from "../../../src/enrich/kubernetes/options.ts";
import { RECORD_AGGREGATE } from "../../../src/flow_record.ts";
import { buildRecord, type RecordFields } from "../../support/build_record.ts";
import { endpointSlice, object, pod, type PodParts, workload } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const NODE = { node: "node-a", hostIp: "192.168.10.1" };
const OUTSIDE = "192.0.2.1";
const UDP = 17;
const ICMP = 1;
const TCP = 6;

function newPod(name: string, ip: string, rest: Partial<PodParts> = {}) {
  return pod({ ...NODE, namespace: "shop", name, ips: [ip], ...rest });
}

function newNode(name: string, ip: string, podCIDRs: string[] = []) {
  return object("v1", "Node", name, "", {
    spec: { podCIDRs },
    status: { addresses: [{ type: "InternalIP", address: ip }] },
  });
}

function record(cluster: PureCluster, fields: RecordFields) {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  return buildRecord({
    protocol: TCP,
    source: OUTSIDE,
    destination: OUTSIDE,
    startUnixNs: now,
    endUnixNs: now,
    ...fields,
  });
}

function destinationOf(
  cluster: PureCluster,
  destination: string,
  destinationPort = 0,
  rest: RecordFields = {},
): Attributes {
  const names = cluster.naming.namesOf(record(cluster, { destination, destinationPort, ...rest }));
  return names.destination?.attributes ?? {};
}

function both(change: (side: SideOptions) => Partial<SideOptions>): Pick<KubernetesOptions, "source" | "destination"> {
  const side = (name: "source" | "destination") => ({ ...defaultSide(name), ...change(defaultSide(name)) });
  return { source: side("source"), destination: side("destination") };
}

Deno.test("namesOf() names the node where two pods of the host declare the same port, and neither of them", () => {
  const cluster = new PureCluster();
  cluster.create(newNode("node-a", "192.168.10.1"));
  const containers = [{ name: "main", ports: [{ containerPort: 9100 }] }];
  cluster.create(newPod("one", "192.168.10.1", { hostNetwork: true, containers }));
  assert.equal(destinationOf(cluster, "192.168.10.1", 9100)["k8s.pod.name"], "one");
  cluster.create(newPod("two", "192.168.10.1", { hostNetwork: true, containers }));
  const names = destinationOf(cluster, "192.168.10.1", 9100);
  assert.deepEqual([names["k8s.node.name"], names["k8s.pod.name"]], ["node-a", undefined]);
  cluster.update("Pod", "shop", "one", (pod) => pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z");
  assert.equal(destinationOf(cluster, "192.168.10.1", 9100)["k8s.pod.name"], "two", "who ends is no rival");
  cluster.update("Pod", "shop", "two", (pod) => pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z");
  cluster.create(newPod("three", "192.168.10.1", { hostNetwork: true, containers }));
  cluster.create(newPod("four", "192.168.10.1", { hostNetwork: true, containers }));
  cluster.create(newPod("five", "192.168.10.1", { hostNetwork: true, containers }));
  for (const name of ["four", "five"]) {
    cluster.update("Pod", "shop", name, (pod) => pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z");
  }
  assert.equal(destinationOf(cluster, "192.168.10.1", 9100)["k8s.pod.name"], "three", "nor are many who end");
});

Deno.test("namesOf() tells pods of the host apart by protocol, and never by a port that they do not declare", () => {
  const cluster = new PureCluster();
  cluster.create(newNode("node-a", "192.168.10.1"));
  const port = (protocol: string) => [{ name: "main", ports: [{ containerPort: 53, protocol }] }];
  cluster.create(newPod("tcp", "192.168.10.1", { hostNetwork: true, containers: port("TCP") }));
  cluster.create(newPod("udp", "192.168.10.1", { hostNetwork: true, containers: port("UDP") }));
  assert.equal(destinationOf(cluster, "192.168.10.1", 53)["k8s.pod.name"], "tcp");
  assert.equal(destinationOf(cluster, "192.168.10.1", 53, { protocol: UDP })["k8s.pod.name"], "udp");
  for (const port of [0, 54, 40_009]) {
    assert.equal(destinationOf(cluster, "192.168.10.1", port)["k8s.pod.name"], undefined);
  }
});

Deno.test("namesOf() knows a node port on nodes alone, and before it what a pod of the host declares", () => {
  const cluster = new PureCluster();
  cluster.create(newNode("node-a", "192.168.10.1"));
  const ports = [{ port: 80, nodePort: 30_080 }, { port: 81, nodePort: 30_081 }];
  cluster.create(object("v1", "Service", "web", "shop", { spec: { clusterIP: "10.96.0.9", ports } }));
  const containers = [{ name: "main", ports: [{ containerPort: 30_081 }] }];
  cluster.create(newPod("host", "192.168.10.1", { hostNetwork: true, containers }));
  cluster.create(newPod("web", "10.1.0.1"));
  const serviceAt = (ip: string, port: number, rest: RecordFields = {}) =>
    destinationOf(cluster, ip, port, rest)["k8s.service.name"];
  assert.equal(serviceAt("192.168.10.1", 30_080), "web");
  assert.equal(serviceAt("192.168.10.1", 30_081), undefined);
  assert.equal(serviceAt("192.168.10.1", 30_080, { protocol: UDP }), undefined);
  assert.equal(serviceAt("10.1.0.1", 30_080), undefined);
});

Deno.test("namesOf() knows the ports of sidecars, and not of containers that only prepare", () => {
  const cluster = new PureCluster();
  const made = newPod("web", "10.1.0.1", { containers: [{ name: "main", ports: [{ containerPort: 80 }] }] });
  made.spec.initContainers = [
    { name: "proxy", restartPolicy: "Always", ports: [{ containerPort: 15_001 }] },
    { name: "prepare", ports: [{ containerPort: 15_002 }] },
  ];
  cluster.create(made);
  const containers = [80, 15_001, 15_002].map((port) => destinationOf(cluster, "10.1.0.1", port)["container.name"]);
  assert.deepEqual(containers, ["main", "proxy", undefined]);
});

Deno.test("namesOf() names an address that many ingresses share after none of them", () => {
  const cluster = new PureCluster();
  const ingress = (name: string) =>
    object("networking.k8s.io/v1", "Ingress", name, "shop", {
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } },
    });
  cluster.create(ingress("a"));
  assert.equal(destinationOf(cluster, "203.0.113.1", 443)["k8s.ingress.name"], "a");
  cluster.create(ingress("b"));
  assert.deepEqual(destinationOf(cluster, "203.0.113.1", 443), {});
  assert.equal(cluster.naming.counters.unnamed.ambiguous, 1);
});

/** An ingress and a gateway that publish the addresses of the nodes that they run on. */
function clusterWithPublishedNode(): PureCluster {
  const cluster = new PureCluster();
  cluster.create(newNode("node-a", "192.168.10.1"));
  cluster.create(object("networking.k8s.io/v1", "Ingress", "edge", "shop", {
    status: { loadBalancer: { ingress: [{ ip: "192.168.10.1" }] } },
  }));
  cluster.create(object("gateway.networking.k8s.io/v1", "Gateway", "gate", "shop", {
    spec: {
      listeners: [{ port: 8443, protocol: "HTTPS" }, { port: 53, protocol: "UDP" }, { port: 5432, protocol: "TCP" }],
    },
    status: { addresses: [{ value: "192.168.10.1" }] },
  }));
  return cluster;
}

Deno.test("namesOf() names an ingress or a gateway on a node's address by its ports, and the node by all others", () => {
  const cluster = clusterWithPublishedNode();
  const rows: Array<[port: number, protocol: number, ingress: boolean, gateway: boolean]> = [
    [80, TCP, true, false],
    [443, TCP, true, false],
    [443, UDP, true, false],
    [80, UDP, false, false],
    [8443, TCP, false, true],
    [8443, UDP, false, true],
    [53, UDP, false, true],
    [53, TCP, false, false],
    [5432, TCP, false, true],
    [5432, UDP, false, false],
    [10_250, TCP, false, false],
    [0, ICMP, false, false],
  ];
  for (const [port, protocol, ingress, gateway] of rows) {
    const names = destinationOf(cluster, "192.168.10.1", port, { protocol });
    assert.equal(names["k8s.node.name"], "node-a");
    assert.equal(names["k8s.ingress.name"], ingress ? "edge" : undefined, `${port}/${protocol}`);
    assert.equal(names["k8s.gateway.name"], gateway ? "gate" : undefined, `${port}/${protocol}`);
    assert.equal(names["k8s.namespace.name"], ingress || gateway ? "shop" : undefined, `${port}/${protocol}`);
  }
  const flow = record(cluster, { source: "192.168.10.1", sourcePort: 41_000, destinationPort: 443 });
  const { source } = cluster.naming.namesOf(flow);
  assert.deepEqual([source!.attributes["k8s.node.name"], source!.attributes["k8s.ingress.name"]], [
    "node-a",
    undefined,
  ]);
});

Deno.test("namesOf() follows a gateway's listeners, and asks for no port where its address is no node's", () => {
  const cluster = clusterWithPublishedNode();
  const gatewayAt = (ip: string, port: number) => destinationOf(cluster, ip, port)["k8s.gateway.name"];
  cluster.update("Gateway", "shop", "gate", (gateway) => gateway.spec.listeners = [{ port: 9000, protocol: "TLS" }]);
  assert.deepEqual([8443, 9000].map((port) => gatewayAt("192.168.10.1", port)), [undefined, "gate"]);
  cluster.update("Gateway", "shop", "gate", (gateway) => gateway.status.addresses = [{ value: "203.0.113.1" }]);
  cluster.nowMs += 60_000;
  assert.equal(gatewayAt("203.0.113.1", 1), "gate");
  assert.equal(gatewayAt("192.168.10.1", 9000), undefined);
});

Deno.test("explain() says that an ingress on a node's address is left out for its port", () => {
  const cluster = clusterWithPublishedNode();
  const { destination } = cluster.naming.explain({
    source: OUTSIDE,
    sourcePort: 40_000,
    destination: "192.168.10.1",
    destinationPort: 10_250,
    protocol: TCP,
    startMs: cluster.nowMs,
    endMs: cluster.nowMs,
  });
  assert.deepEqual(destination.candidates.map(({ kind, verdict }) => `${kind} ${verdict}`).sort(), [
    "Gateway other_port",
    "Ingress other_port",
    "Node named",
  ]);
});

Deno.test("namesOf() names the same service of an endpoint on every node: the first by name", () => {
  for (const order of [["b", "a"], ["a", "b"]]) {
    const cluster = new PureCluster();
    cluster.create(newPod("web", "10.1.0.1"));
    for (const name of order) {
      cluster.create(object("v1", "Service", name, "shop", { spec: { ports: [] } }));
      cluster.create(endpointSlice("shop", `${name}-1`, name, ["10.1.0.1"], [{ port: 80, protocol: "TCP" }]));
    }
    assert.equal(destinationOf(cluster, "10.1.0.1", 80)["k8s.service.name"], "a");
    assert.equal(destinationOf(cluster, "10.1.0.1", 81)["k8s.service.name"], undefined);
    assert.equal(destinationOf(cluster, "10.1.0.1", 80, { protocol: UDP })["k8s.service.name"], undefined);
  }
});

Deno.test("namesOf() follows an endpoint slice as addresses come and go", () => {
  const cluster = new PureCluster();
  cluster.create(object("v1", "Service", "web", "shop", { spec: { ports: [] } }));
  cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1", "10.1.0.2"], []));
  const serviceAt = (ip: string) => destinationOf(cluster, ip, 80)["k8s.service.name"];
  assert.deepEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3"].map(serviceAt), ["web", "web", undefined]);
  cluster.nowMs += 60_000;
  cluster.update(
    "EndpointSlice",
    "shop",
    "web-1",
    (slice) => slice.endpoints = [{ addresses: ["10.1.0.2", "10.1.0.3"] }],
  );
  cluster.nowMs += 60_000;
  assert.deepEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3"].map(serviceAt), [undefined, "web", "web"]);
});

Deno.test("namesOf() knows a service that it may not see by the slices that it has", () => {
  const cluster = new PureCluster();
  cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1"], []));
  assert.equal(destinationOf(cluster, "10.1.0.1", 80)["k8s.service.name"], "web");
});

Deno.test("namesOf() knows services by Endpoints where those are watched instead of slices", () => {
  const cluster = new PureCluster({ selectors: [{ kind: "Endpoint" }, { kind: "EndpointSlice", include: false }] });
  cluster.create(object("v1", "Service", "web", "shop", { spec: { ports: [] } }));
  const subsets = [{ addresses: [{ ip: "10.1.0.1" }], ports: [{ port: 80, protocol: "TCP" }] }];
  cluster.create(object("v1", "Endpoints", "web", "shop", { subsets }));
  const names = destinationOf(cluster, "10.1.0.1", 80);
  assert.equal(names["k8s.service.name"], "web");
  assert.equal(names["k8s.endpointslice.name"], undefined);
  assert.equal(destinationOf(cluster, "10.1.0.1", 81)["k8s.service.name"], undefined);
});

Deno.test("namesOf() asks a service for the port where a rule says so, on its cluster address, too", () => {
  const cluster = new PureCluster(both((side) => {
    const name = side.association.service![0]!.name.split(".")[0];
    return {
      association: {
        service: [
          { name: `${name}.ip`, to: ["spec.clusterIP", "spec.clusterIPs[*]"] },
          { name: `${name}.port`, to: ["spec.ports[*].port"] },
        ],
      },
    };
  }));
  cluster.create(object("v1", "Service", "web", "shop", { spec: { clusterIP: "10.96.0.9", ports: [{ port: 80 }] } }));
  assert.equal(destinationOf(cluster, "10.96.0.9", 80)["k8s.service.name"], "web");
  assert.deepEqual(destinationOf(cluster, "10.96.0.9", 81), {});
  assert.equal(cluster.naming.counters.unnamed.other_port, 1);
});

Deno.test("namesOf() names nobody on a side that has no rules, and only what a side's rules find", () => {
  const source = defaultSide("source");
  const cluster = new PureCluster({
    source: undefined,
    destination: { ...source, association: { pod: [{ name: "destination.ip", to: ["status.podIP"] }] } },
  });
  cluster.create(newPod("web", "10.1.0.1"));
  cluster.create(newNode("node-a", "192.168.10.1"));
  const names = cluster.naming.namesOf(record(cluster, { source: "10.1.0.1", destination: "10.1.0.1" }));
  assert.equal(names.source, undefined);
  assert.equal(names.destination!.attributes["k8s.pod.name"], "web");
  assert.deepEqual(destinationOf(cluster, "192.168.10.1"), {});
});

Deno.test("namesOf() gives overflow aggregates no names: they are of many", () => {
  const cluster = new PureCluster();
  cluster.create(newPod("web", "10.1.0.0"));
  const { source, destination, flow } = cluster.naming.namesOf(
    record(cluster, { what: RECORD_AGGREGATE, source: "10.1.0.0", destination: "10.1.0.0" }),
  );
  assert.deepEqual([source, destination, flow], [undefined, undefined, undefined]);
});

Deno.test("namesOf() counts who is named, and why others are not", () => {
  const cluster = new PureCluster();
  cluster.create(newPod("web", "10.1.0.1"));
  cluster.nowMs += 60_000;
  cluster.delete("Pod", "shop", "web");
  cluster.nowMs += 60_000;
  const { counters } = cluster.naming;
  destinationOf(cluster, "10.1.0.1"); // the source is outside of the cluster each time
  destinationOf(cluster, "10.1.0.2");
  destinationOf(cluster, "10.1.0.1", 0, { startUnixNs: BigInt(cluster.nowMs - 90_000) * 1_000_000n });
  assert.deepEqual(counters.unnamed, { outside: 3, unknown: 1, other_time: 1, other_port: 0, ambiguous: 0 });
  assert.equal(counters.named, 1);
});

Deno.test("isSettled() waits for addresses that should have a name, for a bounded time", () => {
  const cluster = new PureCluster({ lateNamingMs: 5_000 });
  cluster.create(newNode("node-a", "192.168.10.1", ["10.2.0.0/16"]));
  cluster.create(newPod("web", "10.1.0.1"));
  const isSettled = (ip: string) => cluster.naming.isSettled(record(cluster, { source: ip }));
  assert(isSettled("10.1.0.1"), "it has its name");
  assert(isSettled(OUTSIDE), "it is of no network here");
  assert(!isSettled("10.1.0.2"), "a neighbour's network");
  assert(!isSettled("10.2.77.1"), "a range that a node gives its pods addresses from");
  const early = record(cluster, { source: "10.1.0.2" });
  cluster.nowMs += 4_999;
  assert(!cluster.naming.isSettled(early));
  cluster.nowMs += 1;
  assert(cluster.naming.isSettled(early));
  cluster.delete("Node", "", "node-a");
  assert(isSettled("10.2.77.1"));
  assert(cluster.naming.isSettled(record(cluster, { what: RECORD_AGGREGATE, source: "10.1.0.2" })));
});

Deno.test("isSettled() waits where the last one to have an address has just gone: another may come", () => {
  const cluster = new PureCluster();
  cluster.create(newPod("a", "10.1.0.1"));
  cluster.nowMs += 60_000;
  cluster.delete("Pod", "shop", "a");
  cluster.nowMs += 500;
  const between = record(cluster, { source: "10.1.0.1" });
  assert.equal(cluster.naming.namesOf(between).source!.attributes["k8s.pod.name"], "a");
  assert(!cluster.naming.isSettled(between));
  cluster.create(newPod("b", "10.1.0.1"));
  assert.equal(cluster.naming.namesOf(between).source!.attributes["k8s.pod.name"], "b");
  assert(cluster.naming.isSettled(between));
});

Deno.test("namesOf() gives one set for one pod, and a new one when what it says changes", () => {
  const cluster = new PureCluster(both((side) => ({
    extract: { ...side.extract, labels: [{ from: "*", key: "*" }] },
  })));
  cluster.create(workload("ReplicaSet", "web-1", "shop"));
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1" };
  cluster.create(newPod("web", "10.1.0.1", { owner, labels: { version: "1" } }));
  const setOf = (side: "source" | "destination") =>
    cluster.naming.namesOf(record(cluster, { [side]: "10.1.0.1" }))[side]!;
  const first = setOf("destination");
  assert.equal(setOf("destination"), first);
  assert.equal(setOf("source"), first, "both sides say the same of it");
  assert.equal(first.attributes["k8s.pod.label.version"], "1");
  cluster.update("Pod", "shop", "web", (pod) => pod.status.conditions = [{ type: "Ready" }]);
  assert.equal(setOf("destination"), first, "news that changes no name");
  cluster.update("Pod", "shop", "web", (pod) => pod.metadata.labels.version = "2");
  const second = setOf("destination");
  assert.equal(second.attributes["k8s.pod.label.version"], "2");
  cluster.update("ReplicaSet", "shop", "web-1", (set) => set.metadata.labels = { track: "canary" });
  const third = setOf("destination");
  assert.equal(third.attributes["k8s.replicaset.label.track"], "canary");
  for (let i = 0; i < 3; i++) cluster.naming.forget();
  cluster.sets.collect((mark) => mark(second.id));
  assert.deepEqual([first, second, third].map(({ id }) => cluster.sets.byId(id)), [undefined, second, undefined]);
  assert.equal(cluster.naming.setCount, 0);
  cluster.sets.collect(() => {});
  assert.equal(cluster.sets.size, 0);
  assert.notEqual(setOf("destination").id, third.id);
});

Deno.test("namesOf() names an owner that is heard of after its pod", () => {
  const cluster = new PureCluster();
  const uid = "00000000-0000-4000-8000-0000000000aa";
  cluster.create(
    newPod("web", "10.1.0.1", { owner: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1", uid } }),
  );
  assert.equal(destinationOf(cluster, "10.1.0.1")["k8s.deployment.name"], undefined);
  const set = workload("ReplicaSet", "web-1", "shop", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name: "web",
    uid: "d",
  });
  cluster.putAgain({ ...set, metadata: { ...set.metadata, uid } });
  assert.equal(destinationOf(cluster, "10.1.0.1")["k8s.deployment.name"], "web");
});

Deno.test("objects that are not selected are not known, and forgotten when they are not selected any more", () => {
  const cluster = new PureCluster({ selectors: [{ kind: "Pod", matchLabels: { seen: "yes" } }] });
  cluster.create(newPod("hidden", "10.1.0.1"));
  cluster.create(newPod("seen", "10.1.0.2", { labels: { seen: "yes" } }));
  assert.deepEqual(destinationOf(cluster, "10.1.0.1"), {});
  assert.equal(destinationOf(cluster, "10.1.0.2")["k8s.pod.name"], "seen");
  cluster.update("Pod", "shop", "seen", (pod) => pod.metadata.labels = {});
  cluster.nowMs += 5_000;
  assert.deepEqual(destinationOf(cluster, "10.1.0.2"), {});
  assert.equal(cluster.naming.counters.of("Pod").refused.not_selected, 2);
});

Deno.test("an object without a uid is counted and not taken", () => {
  const cluster = new PureCluster();
  cluster.naming.store.put(cluster.kind("Pod"), newPod("web", "10.1.0.1"));
  cluster.naming.store.delete(cluster.kind("Pod"), {});
  assert.equal(cluster.naming.counters.of("Pod").refused.no_uid, 1);
  assert.equal(cluster.naming.store.count("Pod"), 0);
});

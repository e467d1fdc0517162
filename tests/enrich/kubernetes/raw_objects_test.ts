/** Objects as API servers send them: with null for what is empty, and now and then with what nobody can read. */
import assert from "node:assert/strict";
import type { RawObject } from "../../../src/enrich/kubernetes/raw_object.ts";
import { buildRecord } from "../../support/build_record.ts";
import type { Json } from "../../support/cluster/api_user.ts";
import { endpointSlice, type Manifest, object, pod } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const NODE = { node: "node-a", hostIp: "192.168.10.1" };
const POD = { ...NODE, namespace: "shop", name: "web", ips: ["10.1.0.1"] };
const PORTS = [{ port: 80, protocol: "TCP" }];

function namesAt(cluster: PureCluster, destination: string, startMs = cluster.nowMs): Json {
  const start = BigInt(startMs) * 1_000_000n;
  const record = buildRecord({
    protocol: 6,
    source: "192.0.2.1",
    destination,
    destinationPort: 80,
    startUnixNs: start,
    endUnixNs: start,
  });
  const { destination: names, flow } = cluster.naming.namesOf(record);
  return { ...names?.attributes, ...flow?.attributes };
}

/** Every list and every group in an object, one at a time, as null. */
function* withNulls(whole: Manifest): Generator<[path: string, manifest: Manifest]> {
  const paths: string[][] = [];
  const walk = (value: Json, path: string[]) => {
    if (value === null || typeof value !== "object") return;
    // Go has no null in a list of groups, and no object without metadata
    const isItem = /^\d+$/.test(path.at(-1) ?? "");
    if (path.length && !isItem && path.join() !== "metadata") paths.push(path);
    for (const [key, part] of Object.entries(value)) walk(part, [...path, key]);
  };
  walk(whole, []);
  for (const path of paths) {
    const copy = structuredClone(whole);
    const parent = path.slice(0, -1).reduce<Json>((part, key) => part[key], copy);
    parent[path.at(-1)!] = null;
    yield [path.join("."), copy];
  }
}

function manifests(): Manifest[] {
  const web = pod({ ...POD, labels: { app: "web" }, containers: [{ name: "main", ports: [{ containerPort: 80 }] }] });
  web.metadata.annotations = { note: "x" };
  web.metadata.ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "rs" }];
  web.spec.initContainers = [{ name: "proxy", restartPolicy: "Always", ports: [{ containerPort: 81 }] }];
  web.status.phase = "Failed";
  web.status.containerStatuses = [{ state: { terminated: { finishedAt: "2026-01-01T00:00:00Z" } } }];
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "app", operator: "Exists", values: ["x"] }],
  };
  const ports = [{ protocol: "TCP", port: 80 }];
  return [
    web,
    object("v1", "Service", "web", "shop", {
      spec: { clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"], selector: { app: "web" }, ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } },
    }),
    endpointSlice("shop", "web-1", "web", ["10.1.0.1"], PORTS),
    object("v1", "Endpoints", "web", "shop", { subsets: [{ addresses: [{ ip: "10.1.0.1" }], ports: PORTS }] }),
    object("v1", "Node", "node-a", "", {
      spec: { podCIDR: "10.1.0.0/24", podCIDRs: ["10.1.0.0/24"] },
      status: { addresses: [{ type: "InternalIP", address: "192.168.10.1" }] },
    }),
    object("networking.k8s.io/v1", "NetworkPolicy", "p", "shop", {
      spec: {
        podSelector: selector,
        policyTypes: ["Ingress", "Egress"],
        ingress: [{
          from: [{ podSelector: selector }, { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/24"] } }],
          ports,
        }],
        egress: [{ to: [{ namespaceSelector: selector }], ports }],
      },
    }),
    object("networking.k8s.io/v1", "Ingress", "web", "shop", {
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } },
    }),
    object("gateway.networking.k8s.io/v1", "Gateway", "web", "shop", {
      spec: { listeners: [{ port: 80, protocol: "HTTP" }] },
      status: { addresses: [{ value: "203.0.113.1" }] },
    }),
  ];
}

Deno.test("null counts as empty, wherever in an object it stands", () => {
  const relations = ["Service", "NetworkPolicy"].map((kind) => ({ kind, to: "Pod" }));
  for (const whole of manifests()) {
    let count = 0;
    for (const [path, manifest] of withNulls(whole)) {
      const cluster = new PureCluster({
        selectors: [{ kind: "Endpoints" }, { kind: "Pod" }],
        selectorRelations: relations,
      });
      cluster.create(object("v1", "Namespace", "shop"));
      cluster.create(pod({ ...POD, name: "other", ips: ["10.1.0.2"] }));
      assert.doesNotThrow(() => cluster.create(manifest), `${whole.kind} ${path}`);
      assert.doesNotThrow(() =>
        cluster.putAgain(cluster.get(whole.kind, manifest.metadata.namespace, manifest.metadata.name))
      );
      for (const ip of ["10.1.0.1", "10.1.0.2"]) {
        assert.doesNotThrow(() => namesAt(cluster, ip), `${whole.kind} ${path}`);
      }
      count++;
    }
    assert(count >= 3, `${whole.kind}: ${count}`);
  }
});

Deno.test("a pod of which no deletion is wanted, by null, is not about to end", () => {
  const cluster = new PureCluster();
  const made = pod(POD);
  made.metadata.deletionTimestamp = null;
  cluster.create(made);
  cluster.nowMs += 60_000;
  const second = pod({ ...POD, name: "second" });
  second.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  cluster.create(second);
  assert.equal(namesAt(cluster, "10.1.0.1")["k8s.pod.name"], "web");
});

Deno.test("an endpoint slice that lost its endpoints and ports, by null, claims nothing any more", () => {
  const cluster = new PureCluster();
  cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1"], PORTS));
  cluster.nowMs += 60_000;
  cluster.update("EndpointSlice", "shop", "web-1", (slice) => Object.assign(slice, { endpoints: null, ports: null }));
  cluster.nowMs += 60_000;
  assert.equal(namesAt(cluster, "10.1.0.1")["k8s.service.name"], undefined);
});

Deno.test("an object of which the next version cannot be read claims nothing until one can be", () => {
  const cluster = new PureCluster();
  const slice = cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1"], PORTS));
  const service = () => namesAt(cluster, "10.1.0.1")["k8s.service.name"];
  const beforeMs = cluster.nowMs += 60_000;
  cluster.nowMs += 60_000;
  assert.throws(() => cluster.putAgain({ ...slice, ports: "none" }), TypeError);
  assert.equal(namesAt(cluster, "10.1.0.1", beforeMs)["k8s.service.name"], "web", "it had the address then");
  cluster.nowMs += 60_000;
  assert.equal(service(), undefined);
  cluster.putAgain(slice);
  assert.equal(service(), "web");
});

Deno.test("an object that a list has and nobody can read is there", () => {
  const cluster = new PureCluster();
  const { store } = cluster.naming;
  const slice = cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1"], PORTS));
  const list = store.beginList();
  assert.throws(() => cluster.putAgain({ ...slice, ports: "none" }), TypeError);
  store.endList(cluster.kind("EndpointSlice"), list);
  assert.equal(store.goneCount, 0);
});

Deno.test("an object is gone when it is deleted, even if its last version cannot be read", () => {
  const cluster = new PureCluster({ memoryMs: 10_000 });
  const slice = cluster.create(endpointSlice("shop", "web-1", "web", ["10.1.0.1"], PORTS));
  const { store } = cluster.naming;
  store.delete(cluster.kind("EndpointSlice"), { ...slice, ports: "none" } as RawObject);
  cluster.nowMs += 60_000;
  cluster.naming.forget();
  assert.deepEqual([store.count("EndpointSlice"), store.ledger.index.claimCount], [0, 0]);
});

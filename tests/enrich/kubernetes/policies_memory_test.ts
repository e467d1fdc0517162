/** What is remembered of policies: bounded, shared, and given back. */
import assert from "node:assert/strict";
import { ISOLATIONS_MAX } from "../../../src/limits.ts";
import { buildRecord } from "../../support/build_record.ts";
import { object, pod } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const NODE = { node: "node-a", hostIp: "192.168.10.1" };
const OUTSIDE = "192.0.2.1";

function addressOf(i: number): string {
  return `10.${2 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
}

function createPod(cluster: PureCluster, namespace: string, i: number, labels: Record<string, string> = {}): void {
  cluster.create(pod({ ...NODE, namespace, name: `pod-${i}`, ips: [addressOf(i)], labels }));
}

function closed(cluster: PureCluster, namespace: string): void {
  const spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
  cluster.create(object("networking.k8s.io/v1", "NetworkPolicy", "closed", namespace, { spec }));
}

function flowSet(cluster: PureCluster, source: string, destination: string): number | undefined {
  const now = BigInt(cluster.nowMs) * 1_000_000n;
  const record = buildRecord({ protocol: 6, source, destination, startUnixNs: now, endUnixNs: now });
  return cluster.naming.namesOf(record).flow?.id;
}

/** Sets of policies that are owned. */
function setsOfPolicies(cluster: PureCluster): number {
  cluster.sets.collect(() => {});
  let count = 0;
  for (let id = 1; id <= 4 * ISOLATIONS_MAX; id++) {
    const attributes = cluster.sets.byId(id)?.attributes ?? {};
    if ("network.policies.ingress" in attributes) count++;
  }
  return count;
}

Deno.test("what is remembered of policies is bounded, however many namespaces have pods with the same labels", () => {
  const cluster = new PureCluster();
  const count = ISOLATIONS_MAX + 100;
  for (let i = 0; i < count; i++) {
    createPod(cluster, `preview-${i}`, i);
    closed(cluster, `preview-${i}`);
  }
  for (let i = 0; i < count; i++) assert(flowSet(cluster, OUTSIDE, addressOf(i)), `${i}`);
  const kept = setsOfPolicies(cluster);
  assert(kept > 0 && kept <= ISOLATIONS_MAX, `${kept}`);
});

Deno.test("sets of policies are bounded, however many pairs of namespaces talk", () => {
  const cluster = new PureCluster();
  const count = Math.ceil(Math.sqrt(ISOLATIONS_MAX)) + 2;
  for (let i = 0; i < count; i++) {
    createPod(cluster, `shop-${i}`, i);
    closed(cluster, `shop-${i}`);
  }
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) if (i !== j) flowSet(cluster, addressOf(i), addressOf(j));
  }
  const kept = setsOfPolicies(cluster);
  assert(kept > 0 && kept <= ISOLATIONS_MAX, `${kept}`);
});

Deno.test("pods with labels of their own share what the same policies say of them", () => {
  const cluster = new PureCluster();
  closed(cluster, "data");
  for (let i = 0; i < 20; i++) createPod(cluster, "data", i, { "statefulset.kubernetes.io/pod-name": `pod-${i}` });
  const { sets } = cluster;
  const own = sets.own.bind(sets);
  let made = 0;
  sets.own = (attributes) => {
    if ("network.policies.ingress" in attributes) made++;
    return own(attributes);
  };
  for (let i = 0; i < 20; i++) for (let j = 0; j < 20; j++) if (i !== j) flowSet(cluster, addressOf(i), addressOf(j));
  assert.equal(made, 1);
});

Deno.test("what is remembered of policies is given back after some rounds, and made again when it is wanted", () => {
  const cluster = new PureCluster();
  createPod(cluster, "data", 1);
  closed(cluster, "data");
  assert(flowSet(cluster, OUTSIDE, addressOf(1)));
  assert.equal(setsOfPolicies(cluster), 1);
  for (let i = 0; i < 5; i++) cluster.naming.forget();
  assert.equal(setsOfPolicies(cluster), 0);
  assert(flowSet(cluster, OUTSIDE, addressOf(1)));
});

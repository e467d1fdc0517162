/** Addresses that go from pod to pod: flows at any time are named after who had their address then. */
import assert from "node:assert/strict";
import type { FlowNaming } from "../../../src/enrich/kubernetes/mod.ts";
import { buildRecord } from "../../support/build_record.ts";
import { pod } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";
import { type Random, randomTest } from "../../support/random.ts";

const HOST = { namespace: "default", node: "node-a", hostIp: "192.168.10.1" };

function podAt(naming: FlowNaming, ip: string, startMs: number, endMs = startMs): string | undefined {
  const record = buildRecord({
    source: ip,
    destination: "192.0.2.1",
    startUnixNs: BigInt(startMs) * 1_000_000n,
    endUnixNs: BigInt(endMs) * 1_000_000n,
  });
  return naming.namesOf(record).source?.attributes["k8s.pod.name"] as string | undefined;
}

interface Life {
  name: string;
  ip: string;
  fromMs: number;
  toMs: number;
}

/** Pods that come and go on few addresses, each address with one pod at a time. */
function liveAndDie(cluster: PureCluster, random: Random, pods: number): Life[] {
  const lives: Life[] = [];
  const present = new Map<string, Life>();
  for (let i = 0; i < pods; i++) {
    cluster.nowMs += 50 + random.below(1_500);
    const ip = `10.1.0.${1 + random.below(5)}`;
    const before = present.get(ip);
    if (before) {
      before.toMs = cluster.nowMs;
      end(cluster, random, before.name);
      cluster.nowMs += random.below(900); // nobody has it
    }
    const life = { name: `pod-${i}`, ip, fromMs: cluster.nowMs, toMs: Infinity };
    lives.push(life);
    present.set(ip, life);
    cluster.create(pod({ ...HOST, name: life.name, ips: [ip] }));
  }
  return lives;
}

/** Deleted, or completed and left lying about, or told to end first. */
function end(cluster: PureCluster, random: Random, name: string): void {
  const how = random.below(3);
  if (how === 0) {
    cluster.update("Pod", "default", name, (pod) => pod.status.phase = random.oneIn(2) ? "Succeeded" : "Failed");
    return;
  }
  if (how === 1) {
    cluster.update("Pod", "default", name, (pod) => pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z");
  }
  cluster.delete("Pod", "default", name);
}

randomTest(
  "namesOf() names each flow after who had its address at its start, however often it changed hands",
  (random) => {
    const cluster = new PureCluster({ memoryMs: Number.MAX_SAFE_INTEGER });
    const lives = liveAndDie(cluster, random, 211);
    for (const { name, ip, fromMs, toMs } of lives) {
      const lastMs = Math.min(toMs, cluster.nowMs + 1);
      for (const startMs of [fromMs, lastMs - 1, fromMs + random.below(Math.max(1, lastMs - fromMs))]) {
        assert.equal(podAt(cluster.naming, ip, startMs, startMs + random.below(60_000)), name, `${startMs}`);
      }
    }
  },
);

Deno.test("namesOf() knows a deleted pod for as long as it is told to, and no longer", () => {
  const cluster = new PureCluster({ memoryMs: 10_000 });
  cluster.create(pod({ ...HOST, name: "a", ips: ["10.1.0.1"] }));
  const duringMs = cluster.nowMs += 1_000;
  cluster.nowMs += 1_000;
  cluster.delete("Pod", "default", "a");
  cluster.nowMs += 9_999;
  cluster.naming.forget();
  assert.equal(podAt(cluster.naming, "10.1.0.1", duringMs), "a");
  assert.equal(cluster.naming.store.goneCount, 1);
  cluster.nowMs += 1;
  cluster.naming.forget();
  assert.equal(podAt(cluster.naming, "10.1.0.1", duringMs), undefined);
  const { index, overCount } = cluster.naming.store.ledger;
  assert.deepEqual([cluster.naming.store.goneCount, index.claimCount, overCount], [0, 0, 0]);
  assert.equal(cluster.naming.store.count("Pod"), 0);
});

Deno.test("a pod that has completed never wins over one that lives, whichever is heard of first", () => {
  for (const order of [["done", "lives"], ["lives", "done"]]) {
    const cluster = new PureCluster();
    const done = pod({ ...HOST, name: "done", ips: ["10.1.0.1"] });
    done.status.phase = "Succeeded";
    const lives = pod({ ...HOST, name: "lives", ips: ["10.1.0.1"] });
    for (const name of order) cluster.create(name === "done" ? done : lives);
    cluster.nowMs += 5_000;
    assert.equal(podAt(cluster.naming, "10.1.0.1", cluster.nowMs - 1_000), "lives", order.join(" before "));
  }
});

Deno.test("a pod that completed had its address until its containers ended, however late that is heard of", () => {
  const cluster = new PureCluster();
  cluster.create(pod({ ...HOST, name: "done", ips: ["10.1.0.1"] }));
  const finishedMs = cluster.nowMs += 60_000;
  cluster.nowMs += 10_000;
  cluster.update("Pod", "default", "done", (pod) => {
    pod.status.phase = "Succeeded";
    pod.status.containerStatuses = [{ state: { terminated: { finishedAt: new Date(finishedMs).toISOString() } } }];
  });
  const next = pod({ ...HOST, name: "next", ips: ["10.1.0.1"] });
  cluster.nowMs -= 8_000;
  cluster.create(next); // started two seconds after that
  assert.equal(podAt(cluster.naming, "10.1.0.1", finishedMs - 1), "done");
  assert.equal(podAt(cluster.naming, "10.1.0.1", finishedMs + 2_001), "next");
});

Deno.test("a pod that completed long before it was first heard of claims nothing", () => {
  const cluster = new PureCluster();
  const done = pod({ ...HOST, name: "done", ips: ["10.1.0.1"] });
  done.status.phase = "Succeeded";
  done.status.containerStatuses = [{ state: { terminated: { finishedAt: "2025-01-01T00:00:00Z" } } }];
  cluster.create(done);
  assert.equal(cluster.naming.store.ledger.index.claimCount, 0);
});

Deno.test("a pod of which further news comes after its end claims nothing again", () => {
  const cluster = new PureCluster();
  cluster.create(pod({ ...HOST, name: "a", ips: ["10.1.0.1"] }));
  cluster.update("Pod", "default", "a", (pod) => pod.status.phase = "Succeeded");
  cluster.update("Pod", "default", "a", (pod) => pod.metadata.labels = { more: "news" });
  cluster.update("Pod", "default", "a", (pod) => pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z");
  assert.equal(cluster.naming.store.ledger.index.claimCount, 1);
});

Deno.test("a pod that gets another address has each in its time", () => {
  const cluster = new PureCluster();
  cluster.create(pod({ ...HOST, name: "a", ips: ["10.1.0.1"] }));
  const firstMs = cluster.nowMs += 5_000;
  cluster.nowMs += 5_000;
  cluster.update("Pod", "default", "a", (pod) => {
    pod.status.podIP = "10.1.0.2";
    pod.status.podIPs = [{ ip: "10.1.0.2" }];
  });
  cluster.nowMs += 5_000;
  assert.equal(podAt(cluster.naming, "10.1.0.1", firstMs), "a");
  assert.equal(podAt(cluster.naming, "10.1.0.2", cluster.nowMs), "a");
  assert.equal(podAt(cluster.naming, "10.1.0.1", cluster.nowMs), undefined);
  assert.equal(podAt(cluster.naming, "10.1.0.2", firstMs - 3_000), undefined);
});

Deno.test("what is missing in a list that comes later was gone before", () => {
  const cluster = new PureCluster();
  const { store } = cluster.naming;
  const gone = cluster.create(pod({ ...HOST, name: "gone", ips: ["10.1.0.1"] }));
  const stays = cluster.create(pod({ ...HOST, name: "stays", ips: ["10.1.0.2"] }));
  cluster.nowMs += 60_000;
  const list = store.beginList();
  cluster.putAgain(stays);
  const next = cluster.create(pod({ ...HOST, name: "next", ips: ["10.1.0.1"] }));
  store.endList(cluster.kind("Pod"), list);
  cluster.nowMs += 1_000;
  assert.equal(store.goneCount, 1);
  assert.equal(podAt(cluster.naming, "10.1.0.1", Date.parse(gone.metadata.creationTimestamp) + 1_000), "gone");
  assert.equal(podAt(cluster.naming, "10.1.0.1", cluster.nowMs), next.metadata.name);
  assert.equal(podAt(cluster.naming, "10.1.0.2", cluster.nowMs), "stays");
});

/** Pods that wait for their address, and pods that ended nobody knows when. */
import assert from "node:assert/strict";
import { buildRecord } from "../../support/build_record.ts";
import type { Json } from "../../support/cluster/api_user.ts";
import { type Manifest, now, pod } from "../../support/cluster/manifest.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";

const HOST = { namespace: "default", node: "node-a", hostIp: "192.168.10.1" };
const IP = "10.1.0.1";
const SECOND_MS = 1_000;

function podAt(cluster: PureCluster, startMs: number, endMs = startMs): string | undefined {
  const [start, end] = [startMs, endMs].map((ms) => BigInt(ms) * 1_000_000n) as [bigint, bigint];
  const record = buildRecord({ source: IP, destination: "192.0.2.1", startUnixNs: start, endUnixNs: end });
  return cluster.naming.namesOf(record).source?.attributes["k8s.pod.name"] as string | undefined;
}

function newPod(name: string): Manifest {
  return pod({ ...HOST, name, ips: [IP] });
}

function running(startedMs: number, restartCount = 0): Json {
  return { restartCount, state: { running: { startedAt: now(startedMs) } } };
}

function ready(atMs: number, status = "True"): Json {
  return { type: "PodReadyToStartContainers", status, lastTransitionTime: now(atMs) };
}

/** A pod is scheduled, and started without an address, ten seconds after `a` that has it. */
function clusterWithWaiting(): { cluster: PureCluster; at: (s: number) => number } {
  const cluster = new PureCluster();
  const beganMs = cluster.nowMs;
  cluster.create(newPod("a"));
  cluster.nowMs += 10 * SECOND_MS;
  const waiting = newPod("b");
  Object.assign(waiting.status, { phase: "Pending", podIP: undefined, podIPs: undefined });
  cluster.create(waiting);
  return { cluster, at: (s) => beganMs + s * SECOND_MS };
}

function giveAddress(cluster: PureCluster, status: Json = {}): void {
  cluster.update("Pod", "default", "b", (pod) => {
    Object.assign(pod.status, { phase: "Running", podIP: IP, podIPs: [{ ip: IP }], ...status });
  });
}

Deno.test("a pod that waited for its address has it from when weir saw it appear, not from its start", () => {
  const { cluster, at } = clusterWithWaiting();
  cluster.nowMs = at(91);
  giveAddress(cluster); // a is still there
  assert.equal(podAt(cluster, at(50)), "a");
  cluster.nowMs = at(92);
  cluster.delete("Pod", "default", "a");
  cluster.nowMs = at(95);
  assert.equal(podAt(cluster, at(50)), "a");
  assert.equal(podAt(cluster, at(12), at(80)), "a");
  assert.equal(podAt(cluster, at(93)), "b");
});

Deno.test("a pod whose address weir hears of late has it since its containers run", () => {
  const { cluster, at } = clusterWithWaiting();
  cluster.nowMs = at(40);
  cluster.delete("Pod", "default", "a");
  cluster.nowMs = at(300);
  giveAddress(cluster, { containerStatuses: [running(at(60)), running(at(62))] });
  assert.equal(podAt(cluster, at(61)), "b");
  assert.equal(podAt(cluster, at(39)), "a");
});

Deno.test("a pod has no address before its start, whatever its containers say", () => {
  const { cluster, at } = clusterWithWaiting();
  cluster.nowMs = at(20);
  giveAddress(cluster, { containerStatuses: [running(at(5))] });
  cluster.delete("Pod", "default", "a");
  assert.equal(podAt(cluster, at(9)), "a");
});

Deno.test("a pod first heard of with its address has it since its network was ready or a container ran", () => {
  const rows: Array<[string, (at: (s: number) => number) => Json, string]> = [
    ["nothing", () => ({}), "b"],
    ["a condition", (at) => ({ conditions: [ready(at(60))] }), "a"],
    ["a condition that does not hold any more", (at) => ({ conditions: [ready(at(60), "False")] }), "b"],
    ["a container", (at) => ({ containerStatuses: [running(at(60)), running(at(62))] }), "a"],
    ["a container that ran again", (at) => ({ containerStatuses: [running(at(60), 1)] }), "b"],
    ["what ran first", (at) => ({
      conditions: [ready(at(60))],
      initContainerStatuses: [{ state: { terminated: { startedAt: now(at(20)) } } }],
      containerStatuses: [running(at(60), 3)],
    }), "b"],
    ["nothing, by null", () => ({ conditions: null, initContainerStatuses: null, containerStatuses: null }), "b"],
  ];
  for (const [what, statusAt, expected] of rows) {
    const cluster = new PureCluster();
    const beganMs = cluster.nowMs;
    const at = (s: number) => beganMs + s * SECOND_MS;
    cluster.create(newPod("a"));
    cluster.nowMs = at(10);
    const second = newPod("b");
    Object.assign(second.status, statusAt(at));
    second.status.startTime = now(at(10));
    cluster.nowMs = at(100);
    second.metadata.uid = "b";
    second.metadata.creationTimestamp = now(at(10));
    cluster.putAgain(second);
    cluster.update("Pod", "default", "a", (pod) => pod.metadata.deletionTimestamp = now(at(99)));
    assert.equal(podAt(cluster, at(50)), expected, what);
    assert.equal(podAt(cluster, at(70)), "b", what);
  }
});

/** A pod as it was left behind when its node was lost: nobody saw its container end. */
function evicted(startedMs: number): Manifest {
  const made = newPod("evicted");
  const state = { terminated: { exitCode: 137, reason: "ContainerStatusUnknown", startedAt: null, finishedAt: null } };
  Object.assign(made.status, { phase: "Failed", startTime: now(startedMs), containerStatuses: [{ state }] });
  Object.assign(made.metadata, { uid: "evicted", creationTimestamp: now(startedMs) });
  return made;
}

Deno.test("a pod first heard of as ended nobody knows when takes nothing of whoever lives at its address", () => {
  for (const order of [["evicted", "lives"], ["lives", "evicted"]]) {
    const cluster = new PureCluster();
    const beganMs = cluster.nowMs;
    const lives = newPod("lives");
    Object.assign(lives.metadata, { uid: "lives", creationTimestamp: now(beganMs - 3_600 * SECOND_MS) });
    lives.status.startTime = lives.metadata.creationTimestamp;
    cluster.nowMs += 3 * SECOND_MS;
    for (const name of order) {
      cluster.putAgain(name === "lives" ? lives : evicted(beganMs - 7_200 * SECOND_MS));
      cluster.nowMs += SECOND_MS;
    }
    assert.equal(podAt(cluster, beganMs, cluster.nowMs), "lives", order.join(" before "));
    assert.equal(podAt(cluster, beganMs - 7_000 * SECOND_MS), undefined, "who had it then, nobody knows");
    assert.equal(cluster.naming.store.ledger.index.claimCount, 1);
  }
});

Deno.test("an end that is a guess takes nothing of the life of the next pod, which began before it", () => {
  const cluster = new PureCluster();
  cluster.create(newPod("lost"));
  const beganMs = cluster.nowMs += 60 * SECOND_MS;
  const next = newPod("next");
  Object.assign(next.metadata, { uid: "next", creationTimestamp: now(beganMs) });
  next.status.startTime = now(beganMs);
  cluster.nowMs += 60 * SECOND_MS; // that its node was lost takes minutes to be told
  cluster.update("Pod", "default", "lost", (pod) => pod.status.phase = "Failed");
  cluster.putAgain(next);
  assert.equal(podAt(cluster, beganMs + 10 * SECOND_MS), "next");
  assert.equal(podAt(cluster, beganMs - 10 * SECOND_MS), "lost");
});

Deno.test("a pod of which one container is not said to have ended had its address until that was heard", () => {
  const cluster = new PureCluster();
  cluster.create(newPod("a"));
  const endedMs = cluster.nowMs += 5 * SECOND_MS;
  cluster.nowMs += 3_600 * SECOND_MS;
  cluster.update("Pod", "default", "a", (pod) => {
    pod.status.phase = "Failed";
    pod.status.containerStatuses = [{ state: { terminated: { finishedAt: now(endedMs) } } }, running(endedMs)];
  });
  assert.equal(podAt(cluster, cluster.nowMs - 60 * SECOND_MS), "a");
});

/** What happens at the worst moment, on a real API server: each flow is still named after whoever had its address. */
import assert from "node:assert/strict";
import { FollowedCluster } from "../support/cluster/followed_cluster.ts";
import { podAddress, PodLoader } from "../support/cluster/pod_loader.ts";
import { until } from "../support/network_lab.ts";

const PODS = 20_000;
/** The bench measures; a busy machine takes longer. */
const SYNC_MS_MOST = 45_000;

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("a flow that begins before its pod is known waits, and is named as soon as it is", async () => {
  await using cluster = await FollowedCluster.start({ lateNamingMs: 4_000 });
  await cluster.createPod("neighbour", "10.1.0.9");
  await until("the neighbour", () => cluster.podAt("10.1.0.9"));
  const beganMs = Date.now();
  const early = cluster.record("10.1.0.10", beganMs);
  assert.equal(cluster.names.namesOf(early).source, undefined);
  assert.equal(cluster.names.isSettled(early), false);
  await later(503);
  await cluster.createPod("late", "10.1.0.10");
  await until("the late name", () => cluster.names.isSettled(early));
  assert(Date.now() - beganMs < 4_000, "it was named, not given up");
  assert.equal(cluster.podAt("10.1.0.10", beganMs), "late");
  assert.equal(cluster.names.isSettled(cluster.record("192.0.2.9", beganMs)), true, "outside of the cluster");
  const never = cluster.record("10.1.0.11", beganMs);
  await until("the end of patience", () => cluster.names.isSettled(never));
  assert(Date.now() - beganMs >= 4_000);
});

Deno.test("a flow whose pod is deleted before the flow ends keeps the pod's name", async () => {
  await using cluster = await FollowedCluster.start();
  await cluster.createPod("gone", "10.1.0.20");
  await until("the pod", () => cluster.podAt("10.1.0.20"));
  const beganMs = Date.now();
  await cluster.deletePod("gone");
  await until("the deletion", () => cluster.names.sizes().goneObjects === 1);
  assert.equal(cluster.podAt("10.1.0.20", beganMs, Date.now() + 60_000), "gone");
  assert.equal(cluster.podAt("10.1.0.20", Date.now() + 2_003), undefined, "a flow of later is not its own");
});

Deno.test("an address that is used again within a second belongs to each pod in its time", async () => {
  await using cluster = await FollowedCluster.start();
  const expected: Array<[string, number]> = [];
  for (let i = 0; i < 7; i++) {
    await cluster.createPod(`pod-${i}`, "10.1.0.30");
    await until("the pod", () => cluster.podAt("10.1.0.30", Date.now()) === `pod-${i}`);
    expected.push([`pod-${i}`, Date.now()]);
    await cluster.deletePod(`pod-${i}`);
    await until("the deletion", () => cluster.names.sizes().goneObjects === i + 1);
  }
  const times = expected.map(([, atMs]) => atMs);
  const gaps = times.slice(1).map((atMs, i) => atMs - times[i]!);
  assert(Math.min(...gaps) < 1_000, `the address came back after ${gaps.join(", ")} ms`);
  for (const [name, atMs] of expected) assert.equal(cluster.podAt("10.1.0.30", atMs, atMs + 30_000), name);
});

Deno.test("names go on while the API server is away, and catch up when it is back", async () => {
  await using cluster = await FollowedCluster.start();
  await cluster.createPod("stays", "10.1.0.40");
  await cluster.createPod("goes", "10.1.0.41");
  await until("both pods", () => cluster.podAt("10.1.0.40") && cluster.podAt("10.1.0.41"));
  const beforeMs = Date.now();
  await cluster.plane.stopApiServer("SIGKILL");
  await until("that it is away", () => cluster.stateOf("Pod").state === "unreachable");
  const { isReady, detail } = cluster.names.readiness();
  assert.equal(isReady, true);
  assert.match(detail, /Pod not heard of for \d+ s/);
  assert.equal(cluster.podAt("10.1.0.40"), "stays");
  await cluster.plane.deleteKey("/registry/pods/default/goes");
  await cluster.plane.startApiServer();
  await cluster.createPod("comes", "10.1.0.42");
  await until("the new pod", () => cluster.podAt("10.1.0.42") === "comes", 60_000);
  await until("the deletion in between", () => cluster.podAt("10.1.0.41", Date.now() + 2_000) === undefined, 60_000);
  assert.equal(cluster.podAt("10.1.0.41", beforeMs), "goes");
  assert.equal(cluster.podAt("10.1.0.40"), "stays");
  await until(
    "that all is well",
    () => cluster.names.readiness().kinds.every(({ state }) => state === "watching" || state === "missing"),
    60_000,
  );
});

Deno.test("a version that the API server has forgotten (410) leads to one more list, and to the truth", async () => {
  await using cluster = await FollowedCluster.start();
  await cluster.createPod("old", "10.1.0.50");
  await until("the pod", () => cluster.podAt("10.1.0.50"));
  const lists = cluster.countsOf("Pod").lists;
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.deleteKey("/registry/pods/default/old");
  await cluster.plane.compact();
  await cluster.plane.startApiServer();
  await until("the error", () => cluster.countsOf("Pod").errors.expired > 0, 60_000);
  await until("the list", () => cluster.countsOf("Pod").lists > lists, 60_000);
  await until("the deletion", () => cluster.podAt("10.1.0.50", Date.now() + 2_000) === undefined, 60_000);
  await cluster.createPod("new", "10.1.0.50");
  await until("the new pod", () => cluster.podAt("10.1.0.50") === "new", 60_000);
});

Deno.test("20,000 pods are all known, each by its address", async () => {
  await using cluster = await FollowedCluster.start({}, { ready: false });
  await cluster.names.close();
  const loader = await PodLoader.create(cluster.plane);
  await loader.load(0, PODS);
  await cluster.follow();
  const beganMs = performance.now();
  await until("all lists", () => cluster.names.readiness().isReady, 60_000);
  const tookMs = performance.now() - beganMs;
  console.log(`      ${PODS} pods in ${(tookMs / 1_000).toFixed(1)} s`);
  assert.equal(cluster.names.sizes().objects.find(({ kind }) => kind === "Pod")!.count, PODS);
  for (let place = 0; place < PODS; place += 97) {
    const name = cluster.podAt(podAddress(place));
    assert.equal(name, `app-${Math.floor(place / 20)}-7d9c5b6f4-${place.toString(36).padStart(5, "0")}`);
  }
  assert(tookMs < SYNC_MS_MOST, `it took ${tookMs} ms`);
});

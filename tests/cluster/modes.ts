/** weir on real nodes in every mode that the chart has, and through what happens to nodes and to the API server. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { CHART, SCENARIOS } from "../support/chart/render.ts";
import { CONTROL_PLANE_ADDRESS } from "../support/cluster/nodes/addresses.ts";
import { attachedPrograms } from "../support/cluster/nodes/attached_programs.ts";
import {
  agentPods,
  helmArgs,
  IMAGE_VALUES,
  rolledOut,
  troubles,
  wget,
  writeConfig,
} from "../support/cluster/nodes/installed.ts";
import { NodeCluster } from "../support/cluster/nodes/node_cluster.ts";
import { Collector } from "../support/collector.ts";
import { weirImage } from "../support/image/weir_image.ts";
import { until } from "../support/network_lab.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A kubelet that is silent for so long has lost its node. */
const NODE_LOST_MS = 90_000;
const BACK_MS = 120_000;

Deno.test("weir runs in each mode of the chart, and is there again after what happens to a cluster", async (t) => {
  await using cluster = await NodeCluster.start({ images: [await weirImage()] });
  const { namespace } = cluster.plane;
  await using _collector = await Collector.start({ namespace, address: CONTROL_PLANE_ADDRESS });
  const modes = { hostNetwork, privileged, podIsDeleted, apiServerRestarts, nodeGoesAndComes, isUninstalled };
  for (const [name, step] of Object.entries({ ...modes, leastRights, rightIsTaken, withoutHelm, podSecurity })) {
    if (!await t.step(name, () => step(cluster))) throw new Error(`${name}: ${await troubles(cluster)}`);
  }
});

async function effectiveCapabilities(cluster: NodeCluster): Promise<string[]> {
  const pods = await agentPods(cluster);
  return await Promise.all(pods.map(async ({ metadata }) => {
    const status = await cluster.kubectl("exec", metadata.name, "--", "grep", "CapEff", "/proc/self/status");
    return status.split(":")[1]!.trim();
  }));
}

async function assertReady(cluster: NodeCluster, port?: number): Promise<void> {
  const pods = await agentPods(cluster);
  deepEqual(pods.map(({ spec }) => spec.nodeName).sort(), ["n1", "n2"]);
  for (const pod of pods) equal(await wget(cluster, pod, "readyz", port), "ok");
  for (const { namespace } of cluster.nodes) equal(attachedPrograms(namespace).length, 2);
}

async function hostNetwork(cluster: NodeCluster): Promise<void> {
  await cluster.helm(...helmArgs("install", writeConfig(cluster), "--set", "hostNetwork=true"));
  await rolledOut(cluster);
  await assertReady(cluster, 18_080);
  // NET_ADMIN is bit 12, PERFMON 38, BPF 39
  deepEqual(await effectiveCapabilities(cluster), Array(2).fill("000000c000001000"));
}

async function privileged(cluster: NodeCluster): Promise<void> {
  const mode = ["--set", "hostNetwork=false,securityContext.privileged=true"];
  await cluster.helm(...helmArgs("upgrade", writeConfig(cluster), "--reuse-values", ...mode));
  await rolledOut(cluster);
  await assertReady(cluster);
  const back = ["--set", "securityContext.privileged=false"];
  await cluster.helm(...helmArgs("upgrade", writeConfig(cluster), "--reuse-values", ...back));
  await rolledOut(cluster);
  await assertReady(cluster);
  // SYS_PTRACE is bit 19, SYS_ADMIN 21
  deepEqual(await effectiveCapabilities(cluster), Array(2).fill("000000c000281000"));
}

async function podIsDeleted(cluster: NodeCluster): Promise<void> {
  const [pod] = await agentPods(cluster);
  await cluster.kubectl("delete", "pod", pod.metadata.name, "--grace-period=0", "--force");
  await until("another one", async () => {
    const pods = await agentPods(cluster);
    return pods.length === 2 && !pods.some(({ metadata }) => metadata.name === pod.metadata.name);
  });
  await rolledOut(cluster);
  await assertReady(cluster);
}

async function apiServerRestarts(cluster: NodeCluster): Promise<void> {
  const before = await agentPods(cluster);
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.startApiServer();
  for (const pod of before) {
    await until("it to be ready", async () => (await wget(cluster, pod, "readyz").catch(() => "")) === "ok", BACK_MS);
    match(await cluster.kubectl("exec", pod.metadata.name, "--", "weir", "status"), /kubernetes: all lists are in/);
  }
  const names = (await agentPods(cluster)).map(({ metadata }) => metadata.name);
  deepEqual(names, before.map(({ metadata }) => metadata.name), "nobody was replaced");
}

async function nodeGoesAndComes(cluster: NodeCluster): Promise<void> {
  const node = cluster.nodes[1]!;
  await node.kill();
  // tcx programs go with their process, however it ends
  await until("its programs to be gone", () => attachedPrograms(node.namespace).length === 0);
  const isReady = async () => {
    const [{ status }] = (await cluster.list("nodes")).filter(({ metadata }) => metadata.name === node.name);
    return status.conditions.find(({ type }: { type: string }) => type === "Ready").status === "True";
  };
  await until("the cluster to notice", async () => !await isReady(), NODE_LOST_MS);
  await cluster.startNode(node);
  await until("its agent to be back", () => attachedPrograms(node.namespace).length === 2, BACK_MS);
  await rolledOut(cluster);
  await assertReady(cluster);
}

async function isUninstalled(cluster: NodeCluster): Promise<void> {
  await cluster.helm("uninstall", "weir", "--wait");
  for (const { namespace } of cluster.nodes) {
    await until("its programs to be gone", () => attachedPrograms(namespace).length === 0, BACK_MS);
  }
}

/** With an account that there was before, and a role of no more than three kinds and what those need. */
async function leastRights(cluster: NodeCluster): Promise<void> {
  await cluster.kubectl("create", "serviceaccount", "watcher");
  const values = ["--values", `${SCENARIOS}/minimal-rbac.yaml`];
  await cluster.helm("install", "weir", CHART, ...IMAGE_VALUES, ...values, "--wait", "--timeout", "2m");
  await rolledOut(cluster);
  const may = async (verb: string, resource: string) => {
    const account = "--as=system:serviceaccount:default:watcher";
    return await cluster.kubectl("auth", "can-i", verb, resource, account).then(() => true, () => false);
  };
  deepEqual([await may("watch", "pods"), await may("get", "pods"), await may("list", "secrets")], [true, false, false]);
  for (const pod of await agentPods(cluster)) {
    equal(await wget(cluster, pod, "readyz"), "ok");
    match(await wget(cluster, pod, "readyz?verbose"), /kubernetes: all lists are in$/m, "nothing that it goes without");
    match(
      await cluster.kubectl("exec", pod.metadata.name, "--", "weir", "doctor"),
      /allows all \d+ permissions/,
    );
  }
}

/** While it runs: it goes on with what it knew, and says what is missing. */
async function rightIsTaken(cluster: NodeCluster): Promise<void> {
  const place = "/rules/0/resources/3";
  const patch = [{ op: "test", path: place, value: "pods" }, { op: "remove", path: place }];
  await cluster.kubectl("patch", "clusterrole", "weir", "--type=json", "-p", JSON.stringify(patch));
  // a watch that runs is not cut by a change of roles
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.startApiServer();
  const pods = await agentPods(cluster);
  for (const pod of pods) {
    const said = (path: string, port?: number) => wget(cluster, pod, path, port).catch(() => "");
    await until("it to notice", async () => (await said("readyz?verbose")).includes("without Pod"), BACK_MS);
    equal(await said("readyz"), "ok", "names are no reason to be restarted");
    match(await said("metrics", 10_250), /^weir_kubernetes_watch_state\{kind="Pod",state="forbidden"\} 1$/m);
    match(await said("metrics", 10_250), /^weir_kubernetes_errors_total\{kind="Pod",reason="forbidden"\} [1-9]/m);
    const rule =
      /add to weir's ClusterRole:\s+- apiGroups: \[""\]\s+resources: \["pods"\]\s+verbs: \["list", "watch"\]/;
    match(await cluster.kubectl("logs", pod.metadata.name), rule);
    match(await cluster.kubectl("exec", pod.metadata.name, "--", "weir", "status"), rule);
  }
  await cluster.helm("upgrade", "weir", CHART, "--reuse-values", "--wait");
  for (const pod of pods) {
    const isBack = async () => !(await wget(cluster, pod, "readyz?verbose").catch(() => "without")).includes("without");
    await until("the pods to be back", isBack, BACK_MS);
    const said = () => cluster.kubectl("logs", pod.metadata.name);
    await until("the log to say so", async () => (await said()).includes("Watching pods again"));
  }
  deepEqual((await agentPods(cluster)).map(({ metadata }) => metadata.name), pods.map(({ metadata }) => metadata.name));
  await isUninstalled(cluster);
  await cluster.kubectl("delete", "serviceaccount", "watcher");
}

async function withoutHelm(cluster: NodeCluster): Promise<void> {
  const path = `${cluster.folder}/kubernetes.yaml`;
  const text = Deno.readTextFileSync(`${ROOT}packaging/kubernetes.yaml`);
  Deno.writeTextFileSync(path, text.replace('"weir:0.1.0"', "localhost/weir-test/weir:0.1.0"));
  await cluster.kubectl("apply", "-f", path);
  await rolledOut(cluster, "weir");
  for (const pod of await agentPods(cluster, "weir")) equal(await wget(cluster, pod, "livez"), "ok");
  await cluster.kubectl("delete", "-f", path, "--wait");
}

async function podSecurity(cluster: NodeCluster): Promise<void> {
  await cluster.kubectl("create", "namespace", "strict");
  await cluster.kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=baseline");
  const { ok: isInstalled, errors } = await cluster.tryHelm("install", "weir", CHART, "-n", "strict", ...IMAGE_VALUES);
  ok(isInstalled, errors);
  match(errors, /would violate PodSecurity/, "Helm shows what the API server says");
  deepEqual(await agentPods(cluster, "strict"), []);
  await cluster.kubectl("label", "--overwrite", "namespace", "strict", "pod-security.kubernetes.io/enforce=privileged");
  await until("pods once the level allows it", async () => (await agentPods(cluster, "strict")).length === 2, BACK_MS);
  await rolledOut(cluster, "strict");
}

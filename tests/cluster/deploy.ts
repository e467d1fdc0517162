/** weir installed by Helm on real nodes: as the chart's page says it, to the end. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { CHART } from "../support/chart/render.ts";
import type { Json } from "../support/cluster/api_user.ts";
import { CONTROL_PLANE_ADDRESS } from "../support/cluster/nodes/addresses.ts";
import { attachedPrograms, remaining, thingsOf } from "../support/cluster/nodes/attached_programs.ts";
import {
  DEMO_NAMESPACE,
  HOST_PORT,
  inClient,
  NODE_PORT,
  podNames,
  startDemo,
  WEB_PORT,
} from "../support/cluster/nodes/demo.ts";
import {
  agentPods,
  helmArgs,
  replaceAgents,
  rolledOut,
  troubles,
  wget,
  writeConfig,
} from "../support/cluster/nodes/installed.ts";
import { NodeCluster } from "../support/cluster/nodes/node_cluster.ts";
import { Collector } from "../support/collector.ts";
import { generate, type Sent } from "../support/generator.ts";
import { say } from "../support/host.ts";
import { weirImage } from "../support/image/weir_image.ts";
import { until } from "../support/network_lab.ts";

const IMAGE_NEXT = "localhost/weir-test/weir:0.1.0-next";
const STATUS_MS = 5_000;
const SPANS_MS = 90_000;
const TRAFFIC_PORT = 4_243;
const TRAFFIC_RATE = 1_009;
const TRAFFIC_SECONDS = 31;
/** From an agent's end to its successor's first packet. */
const GAP_SECONDS_MOST = 20;

interface Stage {
  cluster: NodeCluster;
  collector: Collector;
  /** While the image was upgraded. */
  sentPackets: number;
}

/** Everything of weir that the API server has. */
async function leftInCluster({ cluster }: Stage): Promise<string[]> {
  const kinds = "daemonset,pod,configmap,service,serviceaccount,job,secret,clusterrole,clusterrolebinding";
  const names = await cluster.kubectl("get", kinds, "--all-namespaces", "-o", "name");
  return names.split("\n").filter((name) => name.includes("weir"));
}

Deno.test("weir is installed, looked at, upgraded, rolled back and uninstalled by Helm on two nodes", async (t) => {
  const images = [await weirImage(), await weirImage({ name: IMAGE_NEXT, version: "0.1.0-next" })];
  await using cluster = await NodeCluster.start({ images });
  const { namespace } = cluster.plane;
  await using collector = await Collector.start({ namespace, address: CONTROL_PLANE_ADDRESS });
  const stage: Stage = { cluster, collector, sentPackets: 0 };
  const upgrades = { upgradesConfiguration, namesFlows, upgradesImage, rollsBack };
  const steps = { refuses, installs, answers, startsDemo, ...upgrades, uninstalls };
  for (const [name, step] of Object.entries(steps)) {
    // what comes later needs what came before
    if (!await t.step(name, () => step(stage))) throw new Error(`${name}: ${await troubles(cluster)}`);
  }
});

async function refuses(stage: Stage): Promise<void> {
  const { cluster } = stage;
  const values = await cluster.tryHelm("install", "weir", CHART, "--set", "config.values.span.udp_timeot=3s");
  match(values.errors, /'\/config\/values\/span'.*'udp_timeot' not allowed/);
  const typo = writeConfig(cluster, (text) => text.replace("udp_timeout", "udp_timeot"));
  const place = placeOf(typo, "udp_timeot");
  const text = await cluster.tryHelm(...helmArgs("install", typo));
  ok(!text.ok);
  const told = new RegExp(`config\\.hcl:${place}: unknown key "span\\.udp_timeot": did you mean "udp_timeout"\\?`);
  match(text.text + text.errors, told);
  await cluster.helm("uninstall", "weir", "--ignore-not-found", "--wait");
  deepEqual(await leftInCluster(stage), []);
}

/** "line:column" of a word in a file. */
function placeOf(path: string, word: string): string {
  const before = Deno.readTextFileSync(path).split(word)[0]!.split("\n");
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

async function installs({ cluster }: Stage): Promise<void> {
  const notes = await cluster.helm(...helmArgs("install", writeConfig(cluster)));
  match(notes, /One pod a node/);
  await rolledOut(cluster);
  const pods = await agentPods(cluster);
  deepEqual(pods.map(({ spec }) => spec.nodeName).sort(), ["n1", "n2"]);
  for (const { status } of pods) {
    const { ready, restartCount } = status.containerStatuses[0];
    deepEqual([ready, restartCount], [true, 0]);
  }
}

async function answers({ cluster }: Stage): Promise<void> {
  for (const pod of await agentPods(cluster)) {
    const { name } = pod.metadata;
    equal(await wget(cluster, pod, "livez"), "ok");
    equal(await wget(cluster, pod, "readyz"), "ok");
    match(await wget(cluster, pod, "metrics", 10_250), /^weir_interface_attached\{interface="eth0",mode="tcx"\} 1$/m);
    const started = performance.now();
    match(await cluster.kubectl("exec", name, "--", "weir", "status"), /eth0/);
    ok(performance.now() - started < STATUS_MS, "no name is looked up: nobody would answer here");
    match(await cluster.kubectl("exec", name, "--", "weir", "doctor"), /ok\s+cap_bpf/);
    match(await cluster.kubectl("exec", name, "--", "tc", "-V"), /iproute2/);
    match(await cluster.kubectl("logs", name), /Memory is limited to 256 MiB: \d+ flows are held at most/);
  }
  for (const node of cluster.nodes) {
    const programs = attachedPrograms(node.namespace);
    deepEqual(programs.map(({ name, device }) => `${name} ${device}`).sort(), [
      "weir_egress eth0",
      "weir_ingress eth0",
    ]);
  }
}

async function startsDemo({ cluster }: Stage): Promise<void> {
  await startDemo(cluster);
}

async function namesFlows(stage: Stage): Promise<void> {
  const { cluster, collector } = stage;
  const pods = await cluster.list("pods", "-n", DEMO_NAMESPACE);
  const podOf = (app: string, node: string) =>
    pods.find(({ metadata, spec }) => metadata.labels.app === app && spec.nodeName === node);
  const [near, far, host] = [podOf("web", "n1"), podOf("web", "n2"), podOf("host", "n2")];
  const services = await cluster.list("services", "-n", DEMO_NAMESPACE);
  const { clusterIP } = services.find(({ metadata }) => metadata.name === "web").spec;
  const talks: Talk[] = [
    {
      what: "a pod of the same node",
      address: near.status.podIP,
      port: WEB_PORT,
      named: podNames(near),
      nodes: ["n1"],
    },
    {
      what: "a pod of another node",
      address: far.status.podIP,
      port: WEB_PORT,
      named: podNames(far),
      nodes: ["n1", "n2"],
    },
    {
      what: "a pod in its host's network",
      address: host.status.podIP,
      port: HOST_PORT,
      named: podNames(host),
      nodes: ["n1", "n2"],
    },
    { what: "a Service", address: clusterIP, port: 80, named: { "k8s.service.name": "web" }, nodes: ["n1"] },
  ];
  for (const { address, port } of talks) {
    match(await inClient(cluster, "n1", `timeout 3 wget -q -O- http://${address}:${port}/`), /hello from/);
  }
  const outside = await cluster.fromOutside(
    "wget",
    "-q",
    "-O-",
    `http://${cluster.nodes[0]!.place.address}:${NODE_PORT}/`,
  );
  match(outside, /hello from web-/);
  for (const talk of talks) await assertNamed(collector, podOf("client", "n1"), talk);
}

/** From the client of n1. */
interface Talk {
  what: string;
  address: string;
  port: number;
  /** What the destination is called. */
  named: Record<string, string>;
  /** Who tells of it. */
  nodes: string[];
}

/** Spans of one direction, each with the node that told of it, by connection. */
function connections(collector: Collector, client: Json, { address, port }: Talk) {
  const spans = collector.requests().flatMap(({ resource, spans }) =>
    spans.map((span) => ({ ...span, teller: String(resource["k8s.node.name"]) }))
  );
  const ours = spans.filter(({ attributes }) =>
    attributes["source.address"] === client.status.podIP && attributes["destination.address"] === address &&
    attributes["destination.port"] === port
  );
  return Object.values(Object.groupBy(ours, ({ attributes }) => String(attributes["source.port"]))).map((all) => all!);
}

/** All that was told is named on both sides, and somebody of each node told of one connection at least. */
async function assertNamed(collector: Collector, client: Json, talk: Talk): Promise<void> {
  const { what, named, nodes } = talk;
  const told = await until(`spans of ${what} from ${nodes.join(" and ")}`, () => {
    const all = connections(collector, client, talk);
    const isWhole = all.some((spans) => nodes.every((node) => spans.some(({ teller }) => teller === node)));
    return isWhole && all;
  }, SPANS_MS);
  const wanted = [
    ...Object.entries(podNames(client)).map(([name, value]) => [`source.${name}`, value]),
    ...Object.entries(named).map(([name, value]) => [`destination.${name}`, value]),
  ];
  for (const spans of told) {
    equal(new Set(spans.map(({ traceId }) => traceId)).size, 1, `${what}: a connection is one trace`);
    equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, what);
    for (const { attributes } of spans) {
      deepEqual(wanted.map(([name]) => [name, attributes[name!]]), wanted, `${what}: ${JSON.stringify(attributes)}`);
    }
  }
}

async function upgradesConfiguration(stage: Stage): Promise<void> {
  const { cluster } = stage;
  const before = await agentPods(cluster);
  const wider = writeConfig(cluster, (text) => text.replace('"ens*"', '"ens*", "veth*"'));
  await replaceAgents(cluster, ...helmArgs("upgrade", wider, "--reuse-values"));
  const after = await agentPods(cluster);
  deepEqual(after.map(({ spec }) => spec.nodeName).sort(), ["n1", "n2"]);
  ok(after.every(({ metadata }) => !before.some((old) => old.metadata.name === metadata.name)));
  for (const { namespace } of cluster.nodes) {
    ok(attachedPrograms(namespace).some(({ device }) => device.startsWith("veth")), "pods' devices, too");
  }
}

async function upgradesImage(stage: Stage): Promise<void> {
  const { cluster } = stage;
  const next = ["--reuse-values", "--set", "image.tag=0.1.0-next"];
  const traffic = sendSteadily(cluster);
  await replaceAgents(cluster, "upgrade", "weir", CHART, ...next, "--wait", "--timeout", "2m");
  for (const { spec } of await agentPods(cluster)) equal(spec.containers[0].image, IMAGE_NEXT);
  stage.sentPackets = (await traffic).packets;
}

/** From outside into the first node, through all of an upgrade. */
async function sendSteadily({ plane, nodes }: NodeCluster): Promise<Sent> {
  const device = nodes[0]!.name;
  const much = { packets: TRAFFIC_RATE * TRAFFIC_SECONDS, rate: TRAFFIC_RATE };
  return await generate({ interface: device, namespace: plane.namespace.name, destinationPort: TRAFFIC_PORT, ...much });
}

async function rollsBack(stage: Stage): Promise<void> {
  const { cluster, collector, sentPackets } = stage;
  match(await cluster.helm("history", "weir"), /^3\s.*deployed/m);
  await replaceAgents(cluster, "rollback", "weir", "1", "--wait", "--timeout", "2m");
  for (const { spec } of await agentPods(cluster)) equal(spec.containers[0].image, "localhost/weir-test/weir:0.1.0");
  for (const { namespace } of cluster.nodes) {
    ok(attachedPrograms(namespace).every(({ device }) => device === "eth0"));
  }
  // both agents that saw the traffic have stopped: all that they counted is there
  const told = collector.spans().filter(({ attributes }) => attributes["destination.port"] === TRAFFIC_PORT);
  const counted = told.reduce((sum, { attributes }) => sum + Number(attributes["flow.packets.delta"]), 0);
  const gap = sentPackets - counted;
  say(`between two agents ${gap} of ${sentPackets} packets went by, ${TRAFFIC_RATE} a second`);
  ok(told.length >= 2, "both agents told of it");
  ok(gap >= 0, "no packet counts twice");
  ok(gap < TRAFFIC_RATE * GAP_SECONDS_MOST, `${gap} packets`);
}

async function uninstalls(stage: Stage): Promise<void> {
  const { cluster } = stage;
  const programs = cluster.nodes.flatMap(({ namespace }) => attachedPrograms(namespace));
  equal(programs.length, 4);
  const things = await thingsOf(programs);
  await replaceAgents(cluster, "uninstall", "weir", "--wait");
  await until("all of it to be gone", async () => (await leftInCluster(stage)).length === 0, SPANS_MS);
  for (const { namespace } of cluster.nodes) deepEqual(attachedPrograms(namespace), []);
  await until("programs and maps to be gone", async () => (await remaining(things)).length === 0);
}

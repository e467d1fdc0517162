/**
 * Packets between pods of two nodes, and what the nodes' agents tell of them: each packet once on each node, while a
 * receiver goes and comes, and beside programs of others. What passed is what the speakers' own stacks have counted.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import { assertFinalBooks, assertNothingLost, readBooksFile } from "../support/books_file.ts";
import type { Json } from "../support/cluster/api_user.ts";
import { CONTROL_PLANE_ADDRESS, OUTSIDE_ADDRESS } from "../support/cluster/nodes/addresses.ts";
import {
  BULK_NODE_PORT,
  BULK_PORT,
  DEMO_NAMESPACE,
  demoPod,
  HOST_PORT,
  inClient,
  podNames,
  startDemo,
  WEB_PORT,
} from "../support/cluster/nodes/demo.ts";
import { agentPods, helmArgs, replaceAgents, rolledOut, troubles, wget } from "../support/cluster/nodes/installed.ts";
import { NodeCluster } from "../support/cluster/nodes/node_cluster.ts";
import { SEGMENT_FILES, type Segments, segmentsOf, segmentsSince } from "../support/cluster/nodes/segments.ts";
import { Collector } from "../support/collector.ts";
import { mustRun, say } from "../support/host.ts";
import { weirImage } from "../support/image/weir_image.ts";
import { until } from "../support/network_lab.ts";
import { sumCounted, sumCountedOf, sumSpans } from "../support/span_sums.ts";
import { Stranger } from "../support/stranger.ts";

const FETCHES = 11;
const SPANS_MS = 60_000;
/** Every device is watched: a packet between pods passes three of them. */
const CONFIG = `span {
  tcp_timeout = "20s"
  tcp_fin_timeout = "1s"
}
export "traces" {
  otlp = {
    endpoint = "http://${CONTROL_PLANE_ADDRESS}:4317"
    max_batch_interval = "1s"
  }
}
`;

/** One way that packets of an exchange went by: a flow or several, which must show all of it. */
interface Leg {
  /** Its exchange. Behind a Service it has two legs, and each packet counts in one of them. */
  what: string;
  /** The node that tells. */
  teller: string;
  isOurs(attributes: FlowSpan["attributes"]): boolean;
  /** What passed. */
  segments: Segments;
  /** Attributes of every span. */
  named: Record<string, string>;
}

interface Stage {
  cluster: NodeCluster;
  collector: Collector;
  strangers: Stranger[];
  legs: Leg[];
}

Deno.test("each packet is counted once on each of two nodes, and the books of both are closed", async (t) => {
  await using cluster = await NodeCluster.start({ images: [await weirImage()] });
  const { namespace } = cluster.plane;
  await using collector = await Collector.start({ namespace, address: CONTROL_PLANE_ADDRESS });
  const stage: Stage = { cluster, collector, strangers: [], legs: [] };
  using undo = new DisposableStack();
  undo.defer(() => stage.strangers.forEach((stranger) => stranger[Symbol.dispose]()));
  const talks = { toPods, throughService, fromOutside, collectorGoesAndComes };
  for (
    const [name, step] of Object.entries({ installsBesideStranger, strangerComes, ...talks, tellsAll, closesBooks })
  ) {
    if (!await t.step(name, () => step(stage))) throw new Error(`${name}: ${await troubles(cluster)}`);
  }
});

/** Somebody else's program is on the first node's device before weir is. */
async function installsBesideStranger(stage: Stage): Promise<void> {
  const { cluster } = stage;
  await startDemo(cluster);
  addStranger(stage, 0, "last");
  const [books, config, values] = ["books", "counts.hcl", "counts.json"].map((name) => `${cluster.folder}/${name}`);
  Deno.mkdirSync(books!);
  Deno.writeTextFileSync(config!, CONFIG);
  const volume = { name: "books", hostPath: { path: books } };
  const mounts = { extraVolumes: [volume], extraVolumeMounts: [{ name: "books", mountPath: "/books" }] };
  const extraArgs = ["--books", "/books/$(POD_NODE_NAME).json"];
  Deno.writeTextFileSync(values!, JSON.stringify({ ...mounts, extraArgs }));
  await cluster.helm(...helmArgs("install", config!, "--values", values!));
  await rolledOut(cluster);
  const log = await cluster.kubectl("logs", (await agentOf(cluster, "n1")).metadata.name);
  match(log, /Program stranger \(id \d+\) is on ingress of eth0, too, behind weir/);
}

/** And one comes to the second node while weir is there. */
async function strangerComes(stage: Stage): Promise<void> {
  const { cluster } = stage;
  addStranger(stage, 1, "first");
  deepEqual(await programsOn(cluster, "n1"), ["weir_ingress", "stranger"]);
  deepEqual(await programsOn(cluster, "n2"), ["stranger", "weir_ingress"]);
}

/** As weir says it, in the order that packets meet them. */
async function programsOn(cluster: NodeCluster, node: string): Promise<string[]> {
  const { metadata } = await agentOf(cluster, node);
  const text = await cluster.kubectl("exec", metadata.name, "--", "weir", "status", "--interfaces", "--json");
  const device = JSON.parse(text).interfaces.find(({ name }: Json) => name === "eth0");
  return device.hooks.ingress.programs.map(({ name }: Json) => name);
}

function addStranger({ cluster, strangers }: Stage, place: number, tcx: "first" | "last"): void {
  const { namespace } = cluster.nodes[place]!;
  strangers.push(new Stranger({ namespace, device: "eth0", hook: "ingress", verdict: "goOn", place: { tcx } }));
}

async function agentOf(cluster: NodeCluster, node: string): Promise<Json> {
  return (await agentPods(cluster)).find(({ spec }) => spec.nodeName === node);
}

function fetchScript(address: string, port: number): string {
  return `for i in $(seq ${FETCHES}); do timeout 9 wget -q -O- http://${address}:${port}/bulk | wc -c; done`;
}

/** From a client. Returns what passed. */
async function fetchInPod({ cluster }: Stage, node: string, address: string, port: number): Promise<Segments> {
  const look = async () => segmentsOf(await inClient(cluster, node, `cat ${SEGMENT_FILES.join(" ")}`));
  const before = await look();
  assertFetched(await inClient(cluster, node, fetchScript(address, port)));
  return segmentsSince(before, await look());
}

/** From beside the nodes. */
async function fetchOutside({ cluster }: Stage, address: string, port: number): Promise<Segments> {
  const look = async () => segmentsOf(await cluster.fromOutside("cat", ...SEGMENT_FILES));
  const before = await look();
  assertFetched(await cluster.fromOutside("sh", "-c", fetchScript(address, port)));
  return segmentsSince(before, await look());
}

function assertFetched(text: string): void {
  deepEqual(new Set(text.trim().split("\n")), new Set(["1000003"]));
}

/** As attributes of one side. */
function named(side: string, names: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [`${side}.${name}`, value]));
}

/** On the same node, on another one, in another one's network. */
async function toPods(stage: Stage): Promise<void> {
  const { cluster, legs } = stage;
  const client = await demoPod(cluster, "client", "n1");
  const talks = [
    { pod: await demoPod(cluster, "web", "n1"), port: WEB_PORT, tellers: ["n1"] },
    { pod: await demoPod(cluster, "web", "n2"), port: WEB_PORT, tellers: ["n1", "n2"] },
    { pod: await demoPod(cluster, "host", "n2"), port: HOST_PORT, tellers: ["n1", "n2"] },
  ];
  for (const { pod, port, tellers } of talks) {
    const segments = await fetchInPod(stage, "n1", pod.status.podIP, port);
    const isOurs = isTalk(client.status.podIP, [pod.status.podIP], port);
    const names = { ...named("source", podNames(client)), ...named("destination", podNames(pod)) };
    for (const teller of tellers) legs.push({ what: pod.metadata.name, teller, isOurs, segments, named: names });
  }
}

function isTalk(source: string, destinations: readonly string[], port: number): Leg["isOurs"] {
  return (attributes) =>
    attributes["source.address"] === source && destinations.includes(`${attributes["destination.address"]}`) &&
    attributes["destination.port"] === port;
}

/**
 * Lets the first node know its own pod. Until it does, its bridge hands packets for that pod to the host, and later
 * ones not: of a direction that counts in the other leg, a record shows one point only.
 */
async function meet(cluster: NodeCluster): Promise<void> {
  const { status } = await demoPod(cluster, "bulk", "n1");
  const within = [`--net=${cluster.nodes[0]!.namespace.path}`];
  await mustRun("nsenter", [...within, "busybox", "ping", "-c", "1", "-w", "5", status.podIP]);
}

/** What goes through a Service are two flows: to it, and to the pod that answers. */
async function throughService(stage: Stage): Promise<void> {
  const { cluster, legs } = stage;
  const client = await demoPod(cluster, "client", "n1");
  const [service] = await cluster.list("services", "-n", DEMO_NAMESPACE, "--field-selector=metadata.name=bulk");
  const { clusterIP } = service.spec;
  await meet(cluster);
  const segments = await fetchInPod(stage, "n1", clusterIP, 80);
  const from = named("source", podNames(client));
  const what = "a Service";
  const toService = { ...from, "destination.k8s.service.name": "bulk" };
  const isBefore = isTalk(client.status.podIP, [clusterIP], 80);
  legs.push({ what, teller: "n1", isOurs: isBefore, segments, named: toService });
  const ips = (await bulkPods(cluster)).map(({ status }) => status.podIP);
  const toPod = { ...from, "destination.k8s.daemonset.name": "bulk" };
  const isBehind = isTalk(client.status.podIP, ips, BULK_PORT);
  legs.push({ what, teller: "n1", isOurs: isBehind, segments, named: toPod });
}

async function bulkPods(cluster: NodeCluster): Promise<Json[]> {
  return await Promise.all(["n1", "n2"].map((node) => demoPod(cluster, "bulk", node)));
}

/** Through the first node's port, whose address or bridge is what pods see as the one who asks. */
async function fromOutside(stage: Stage): Promise<void> {
  const { cluster, legs } = stage;
  const { address } = cluster.nodes[0]!.place;
  const what = "a node's port";
  await meet(cluster);
  const segments = await fetchOutside(stage, address, BULK_NODE_PORT);
  const toPort = { "destination.k8s.service.name": "bulk-outside", "destination.k8s.namespace.name": DEMO_NAMESPACE };
  const isBefore = isTalk(OUTSIDE_ADDRESS, [address], BULK_NODE_PORT);
  legs.push({ what, teller: "n1", isOurs: isBefore, segments, named: toPort });
  const client = await demoPod(cluster, "client", "n1");
  const ips = (await bulkPods(cluster)).map(({ status }) => status.podIP);
  // between the two, answers of a bridge's pod are seen under half of each tuple: that counts nowhere
  const others = [client.status.podIP, OUTSIDE_ADDRESS];
  const isBehind: Leg["isOurs"] = (attributes) =>
    !others.includes(attributes["source.address"]) && ips.includes(`${attributes["destination.address"]}`) &&
    attributes["destination.port"] === BULK_PORT;
  const toPod = { "destination.k8s.daemonset.name": "bulk", "destination.k8s.namespace.name": DEMO_NAMESPACE };
  legs.push({ what, teller: "n1", isOurs: isBehind, segments, named: toPod });
}

/** What is told while it is away waits for it. */
async function collectorGoesAndComes(stage: Stage): Promise<void> {
  const { cluster, collector, legs } = stage;
  await collector.stop();
  const [client, pod] = [await demoPod(cluster, "client", "n2"), await demoPod(cluster, "web", "n1")];
  const segments = await fetchInPod(stage, "n2", pod.status.podIP, WEB_PORT);
  const isOurs = isTalk(client.status.podIP, [pod.status.podIP], WEB_PORT);
  const names = { ...named("source", podNames(client)), ...named("destination", podNames(pod)) };
  for (const teller of ["n1", "n2"]) {
    legs.push({ what: "pods while nobody listened", teller, isOurs, segments, named: names });
    const agent = await agentOf(cluster, teller);
    const said = () => cluster.kubectl("logs", agent.metadata.name);
    await until(`spans of ${teller} to wait`, async () => await waiting(cluster, agent) >= FETCHES, SPANS_MS);
    await until("the log to say so", async () => (await said()).includes("is not delivered"), SPANS_MS);
    equal(await wget(cluster, agent, "livez"), "ok");
  }
  await collector.start();
}

/** Records that wait in an agent's exporters. */
async function waiting(cluster: NodeCluster, { metadata }: Json): Promise<number> {
  const text = await cluster.kubectl("exec", metadata.name, "--", "weir", "status", "--json");
  const exporters: Record<string, { queued: number }> = JSON.parse(text).exporters;
  return Object.values(exporters).reduce((sum, { queued }) => sum + queued, 0);
}

/** All spans that a node's agent has told, each once: one that was sent again has the same id. */
function toldBy({ collector }: Stage, node: string): FlowSpan[] {
  const spans = collector.requests().flatMap(({ resource, spans }) => resource["k8s.node.name"] === node ? spans : []);
  return [...new Map(spans.map((span) => [span.spanId, span])).values()];
}

/** What spans show. */
function shownIn(spans: readonly FlowSpan[]): Segments {
  return { sent: sumSpans(spans, "forward").packets, received: sumSpans(spans, "reverse").packets };
}

/** What of it they claim as counted. */
function countedIn(spans: readonly FlowSpan[]): Segments {
  return { sent: sumCountedOf(spans, "forward").packets, received: sumCountedOf(spans, "reverse").packets };
}

async function tellsAll(stage: Stage): Promise<void> {
  for (const leg of stage.legs) await assertShown(stage, leg);
  const exchanges = Map.groupBy(stage.legs, ({ what, teller }) => `${what}, as ${teller} tells it`);
  for (const [what, legs] of exchanges) {
    const { teller, segments } = legs[0]!;
    const ours = toldBy(stage, teller).filter(({ attributes }) => legs.some(({ isOurs }) => isOurs(attributes)));
    deepEqual(countedIn(ours), segments, `${what}: counted once`);
  }
  // which pod answers is the Service's choice: what went to the other node is on both
  const far = (await demoPod(stage.cluster, "bulk", "n2")).status.podIP;
  const toFar = (node: string) =>
    toldBy(stage, node).filter(({ attributes }) => attributes["destination.address"] === far);
  ok(shownIn(toFar("n1")).sent > 0);
  deepEqual(shownIn(toFar("n2")), shownIn(toFar("n1")));
  deepEqual(countedIn(toFar("n2")), shownIn(toFar("n2")));
}

async function assertShown(stage: Stage, { what, teller, isOurs, segments, named }: Leg): Promise<void> {
  const ours = () => toldBy(stage, teller).filter(({ attributes }) => isOurs(attributes));
  const isWhole = () => shownIn(ours()).sent >= segments.sent && shownIn(ours()).received >= segments.received;
  await until("all of it", isWhole, SPANS_MS).catch(() => undefined); // what is missing is said below
  const spans = ours();
  const { sent, received } = shownIn(spans);
  say(`${what}: ${teller} tells of ${sent} packets there and ${received} back, in ${spans.length} spans`);
  deepEqual({ sent, received }, segments, `${what}, as ${teller} tells it: ${JSON.stringify(spans[0]?.attributes)}`);
  for (const { attributes } of spans) {
    const found = Object.fromEntries(Object.keys(named).map((name) => [name, attributes[name]]));
    deepEqual(found, named, `${what}, as ${teller} tells it: ${JSON.stringify(attributes)}`);
  }
}

async function closesBooks(stage: Stage): Promise<void> {
  const { cluster, strangers } = stage;
  await replaceAgents(cluster, "uninstall", "weir", "--wait");
  for (const { name } of cluster.nodes) {
    const books = readBooksFile(`${cluster.folder}/books/${name}.json`);
    assertFinalBooks(books);
    assertNothingLost(books);
    const { packets } = sumCounted(toldBy(stage, name));
    say(`${name}: ${books.packets.seen} packets seen, ${books.packets.handed_out} handed out, ${packets} in spans`);
    equal(packets, books.packets.handed_out, `${name}: all that was handed out is there, once`);
  }
  ok(strangers.every((stranger) => stranger.isThere()), "programs of others are where they were");
}

/** The agent itself with a real API server: its spans, readiness, metrics and status, and what goes wrong. */
import assert from "node:assert/strict";
import { AgentProcess, weir } from "../support/agent_process.ts";
import { assertFinalBooks } from "../support/books_file.ts";
import { ApiCluster } from "../support/cluster/api_cluster.ts";
import { ControlPlane } from "../support/cluster/control_plane.ts";
import { pod } from "../support/cluster/manifest.ts";
import { shopObjects } from "../support/cluster/shop.ts";
import { generate } from "../support/generator.ts";
import { type Namespace, NetworkLab, until } from "../support/network_lab.ts";
import { openReceiver } from "../support/otlp_receiver.ts";

const [WEB, API] = ["10.1.0.10", "10.1.1.20"];

/** An API server with the shop in it, a wire, and an agent that watches the wire's end. */
class ClusterBed implements AsyncDisposable {
  readonly #lab = new NetworkLab();
  readonly #file = Deno.makeTempFileSync({ prefix: "weirtest-", suffix: ".yaml" });
  readonly #there: Namespace;
  readonly plane: ControlPlane;
  readonly objects: ApiCluster;
  agent!: AgentProcess;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.objects = new ApiCluster(plane.admin);
    this.#there = this.#lab.namespace("there");
  }

  /** settings: beside Kubernetes'. */
  static async open(settings = "", until: "ready" | "live" = "ready", args: string[] = []): Promise<ClusterBed> {
    const bed = new ClusterBed(await ControlPlane.start());
    try {
      for (const object of shopObjects()) await bed.objects.create(object);
      await bed.#startAgent(settings, until, args);
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startAgent(settings: string, until: "ready" | "live", args: string[]): Promise<void> {
    const here = this.#lab.namespace("here");
    this.#lab.veth(this.#there, "far", here, "near");
    const kubeconfig = this.plane.writeKubeconfig(this.plane.adminIdentity);
    Deno.writeTextFileSync(
      this.#file,
      `discovery: {informer: {k8s: {kubeconfig_path: "${kubeconfig}"}}}\nspan: {udp_timeout: 1s}\n${settings}`,
    );
    this.agent = await AgentProcess.start({
      args: ["--network-namespace", here.path, "--config", this.#file, "--output", "json", ...args],
      until,
    });
  }

  async send(source: string, destination: string, destinationPort: number, packets = 101): Promise<void> {
    await generate({ interface: "far", namespace: this.#there.name, packets, source, destination, destinationPort });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent?.[Symbol.asyncDispose]();
    this.#lab[Symbol.dispose]();
    await this.plane[Symbol.asyncDispose]();
    Deno.removeSync(this.#file);
  }
}

Deno.test("run names flows after pods, in lines, in spans and in the list of live flows, and says how it knows", async () => {
  await using receiver = await openReceiver("http_binary", ["ok"]);
  await using bed = await ClusterBed.open("", "ready", [
    ...["--otlp", receiver.url.origin, "--otlp-protocol", "http_binary"],
  ]);
  await bed.send(WEB, API, 8443);
  await until("the flow to be there", async () => (await bed.agent.askJson("/flows")).total === 1);
  const live = (await bed.agent.askJson("/flows")).flows[0];
  const { kubernetes } = await bed.agent.askJson("/status");
  assert.equal(kubernetes.ready, true);
  const pods = kubernetes.kinds.find(({ kind }: { kind: string }) => kind === "Pod");
  assert.equal(pods.state, "watching");
  assert(pods.objects > 5, JSON.stringify(pods));
  assert.match(await bed.agent.ask("/readyz?verbose"), /\[\+\] kubernetes: all lists are in/);
  await until("its line", () => bed.agent.spans().length === 1);

  const { spans, books, code, log } = await bed.agent.stop();
  assert.equal(code, 0, log);
  assertFinalBooks(books);
  const decoded = receiver.requests.flatMap(({ spans }) => spans);
  assert.deepEqual([spans.length, decoded.length], [1, 1]);
  const expected = {
    "source.k8s.pod.name": "web-5d4f-aaaaa",
    "source.k8s.namespace.name": "shop",
    "source.k8s.deployment.name": "web",
    "source.k8s.node.name": "node-a",
    "destination.k8s.pod.name": "api-77c9-bbbbb",
    "destination.k8s.deployment.name": "api",
    "destination.k8s.node.name": "node-b",
  };
  for (const [name, value] of Object.entries(expected)) {
    for (const span of [live, spans[0]!, decoded[0]!]) assert.equal(span.attributes[name], value, name);
  }
});

Deno.test("run lets a record wait for the pod that is on its way, and for nobody who is outside", async () => {
  await using bed = await ClusterBed.open();
  await bed.send("10.1.0.99", "192.0.2.1", 53);
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // the flow is over by now
  assert.equal(bed.agent.spans().length, 0, "it waits");
  const late = { namespace: "shop", name: "late", node: "node-a", hostIp: "192.168.10.1", ips: ["10.1.0.99"] };
  await bed.objects.create(pod(late));
  await until("the record to come", () => bed.agent.spans().length === 1, 4_000);
  assert.equal(bed.agent.spans()[0]!.attributes["source.k8s.pod.name"], "late");
  const beganMs = Date.now();
  await bed.send("192.0.2.7", "192.0.2.8", 53);
  await until("a record of others to come", () => bed.agent.spans().length === 2);
  assert(Date.now() - beganMs < 4_000, "there is nothing to wait for");
  assert.equal((await bed.agent.stop()).code, 0);
});

Deno.test("run counts while the API server is away, and is ready when its time is over", async () => {
  await using bed = await ClusterBed.open("", "ready");
  await bed.plane.stopApiServer("SIGKILL");
  await until("that it is noticed", async () => {
    const { kubernetes } = await bed.agent.askJson("/status");
    return kubernetes.kinds.some(({ state }: { state: string }) => state === "unreachable");
  });
  assert.match(await bed.agent.ask("/readyz?verbose"), /\[\+\] kubernetes: .*not heard of for/);
  await bed.send(WEB, API, 8443);
  await until("its record", () => bed.agent.spans().length === 1);
  assert.equal(bed.agent.spans()[0]!.attributes["source.k8s.pod.name"], "web-5d4f-aaaaa");
  const { books, code } = await bed.agent.stop();
  assert.equal(code, 0);
  assertFinalBooks(books);
  assert.equal(books.packets.counted, 101);
});

Deno.test("run refuses to start where there is no such cluster, and says what to do", async () => {
  await using plane = await ControlPlane.start();
  const file = Deno.makeTempFileSync({ suffix: ".yaml" });
  try {
    Deno.writeTextFileSync(file, `discovery: {informer: {k8s: {kubeconfig_path: "${plane.folder}/none"}}}`);
    await assert.rejects(AgentProcess.start({ args: ["--config", file] }), /Cannot (?:read|follow|find|use) .*none/);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("explain says who had the address, by which rule, and who did not, of live flows and of others", async () => {
  await using bed = await ClusterBed.open();
  await bed.send(WEB, API, 8443);
  const explain = (...words: string[]) => weir("explain", "--socket", bed.agent.socket, ...words);
  await until("the flow to be there", async () => (await bed.agent.askJson("/flows")).total === 1);
  const live = await explain(WEB, `${API}:8443`);
  assert.equal(live.code, 0, live.stderr);
  assert.match(live.stdout, /^udp 10\.1\.0\.10:10000 → 10\.1\.1\.20:8443, 1:/);
  assert.match(live.stdout, /seen on near;/);
  assert.match(live.stdout, /packets to the responder count here\n {2}packets back do not count here/);
  assert.match(live.stdout, /source 10\.1\.0\.10:10000: .*k8s\.pod\.name=web-5d4f-aaaaa/);
  assert.match(live.stdout, /Pod shop\/web-5d4f-aaaaa: pod with the address \(status\.podIP.*\).*; it is named/);
  assert.match(live.stdout, /owned by Deployment web/);
  await until("its line", () => bed.agent.spans().length === 1);
  const id = bed.agent.spans()[0]!.attributes["flow.community_id"] as string;
  const { flows } = JSON.parse((await explain(id, "--json")).stdout);
  assert.deepEqual(flows.map(({ is }: { is: string }) => is), ["handed_out"]);
  assert.equal(flows[0].span.attributes["source.k8s.pod.name"], "web-5d4f-aaaaa");
  const nobody = await explain("10.1.0.10", "192.0.2.9");
  assert.equal(nobody.code, 1);
  assert.match(nobody.stdout, /No such flow is held.*If there were one now:/);
  assert.match(nobody.stdout, /destination 192\.0\.2\.9: nobody in the cluster has the address/);
  const wrong = await explain("web", "api");
  assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /Cannot look for "web": it is no address/);
});

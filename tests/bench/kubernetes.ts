/**
 * What following a cluster costs: pods in a real API server, and a process that does nothing but follow it. The API
 * server runs on the same CPUs, so times by the wall say as much of it.
 */
import { AgentProcess } from "../support/agent_process.ts";
import { ControlPlane } from "../support/cluster/control_plane.ts";
import { buildRecord } from "../support/build_record.ts";
import { pod } from "../support/cluster/manifest.ts";
import { PureCluster } from "../support/cluster/pure_cluster.ts";
import { shopObjects } from "../support/cluster/shop.ts";
import { podAddress, PodLoader } from "../support/cluster/pod_loader.ts";
import { NetworkLab } from "../support/network_lab.ts";
import type { BenchOptions, Figure } from "./figure.ts";
import type { ChangesReport, FollowedReport } from "./kubernetes_main.ts";
import { processCpuS, residentMemory } from "./process_cpu.ts";

const MAIN = new URL("./kubernetes_main.ts", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;
/** As the agent runs. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=1";

const TEN_THOUSAND_MB_MOST = 15;
const AGENT_MB_MOST = 130;
const LIST_S_MOST = 10;
const PAUSE_MS_MOST = 20;
const CHANGES_CPU_MOST = 3;
const CHANGES_PER_S = 100;
/** All news is to be there by then. */
const HEARD_MS = 1_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process of Deno that says something on lines, and ends when it is disposed of. */
class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly pid: number;

  constructor(args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "piped", stdout: "piped" }).spawn();
    this.pid = this.#child.pid;
    this.#lines = linesOf(this.#child.stdout);
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error("The process ended without a word");
    return value;
  }

  /** MB, when it has calmed down. */
  async residentMb(settleMs: number): Promise<number> {
    await sleep(settleMs);
    return residentMemory(this.pid).all;
  }

  /** Lets it end, and gives its last word. */
  async end(): Promise<string> {
    await this.#child.stdin.close();
    return await this.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => "it is closed");
    await this.#child.status;
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  for await (const part of bytes.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    text += part;
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

interface Followed {
  report: FollowedReport;
  residentMb: number;
}

class KubernetesBench {
  readonly #loader: PodLoader;
  readonly #kubeconfig: string;
  readonly #settleMs: number;

  constructor(plane: ControlPlane, loader: PodLoader, settleMs: number) {
    this.#loader = loader;
    this.#kubeconfig = plane.writeKubeconfig(plane.adminIdentity);
    this.#settleMs = settleMs;
  }

  async bareMb(): Promise<number> {
    const script = "console.log('ready'); for await (const _ of Deno.stdin.readable) continue;";
    await using bare = new Process(["eval", V8_FLAGS, script]);
    await bare.line();
    return await bare.residentMb(this.#settleMs);
  }

  #follow(): Process {
    return new Process(["run", "-q", V8_FLAGS, "-A", MAIN, this.#kubeconfig]);
  }

  /** Of so many processes, one after the other, the middle by memory. */
  async followed(processes: number): Promise<Followed> {
    const all: Followed[] = [];
    for (let i = 0; i < processes; i++) {
      await using process = this.#follow();
      const report: FollowedReport = JSON.parse(await process.line());
      all.push({ report, residentMb: await process.residentMb(this.#settleMs) });
    }
    return all.sort((a, b) => a.residentMb - b.residentMb)[all.length >> 1]!;
  }

  /** CPU of a core that changes of pods take, %. */
  async changesCpu(pods: number, seconds: number): Promise<number> {
    await using process = this.#follow();
    await process.line();
    await sleep(this.#settleMs);
    const [cpuS, beganMs] = [processCpuS(process.pid), performance.now()];
    for (let i = 0; i < seconds * CHANGES_PER_S; i++) {
      await this.#loader.change((i * 97) % pods, `v${i}`);
      const waitMs = beganMs + (i + 1) * 1e3 / CHANGES_PER_S - performance.now();
      if (waitMs > 0) await sleep(waitMs);
    }
    const tookS = (performance.now() - beganMs) / 1e3;
    if (tookS > seconds * 1.2) throw new Error(`${CHANGES_PER_S} changes/s were too many for this machine`);
    const cpu = (processCpuS(process.pid) - cpuS) / tookS * 100;
    await sleep(HEARD_MS);
    const { changes }: ChangesReport = JSON.parse(await process.end());
    const made = seconds * CHANGES_PER_S;
    if (changes < made) throw new Error(`Of ${made} changes ${changes} were heard of: it lags behind`);
    return cpu;
  }

  /** The whole agent, names and all, without traffic: MB, the kernel's pages apart. */
  async agentMb(): Promise<number> {
    using lab = new NetworkLab();
    const [there, here] = [lab.namespace("there"), lab.namespace("here")];
    lab.veth(there, "far", here, "near");
    const config = `${this.#kubeconfig}.weir.yaml`;
    Deno.writeTextFileSync(config, `discovery: {informer: {k8s: {kubeconfig_path: "${this.#kubeconfig}"}}}`);
    await using agent = await AgentProcess.start({
      args: ["--network-namespace", here.path, "--config", config, "--output", "none"],
    });
    await sleep(this.#settleMs);
    const { all, kernelPages } = residentMemory(agent.pid);
    return all - kernelPages;
  }

  async load(first: number, count: number): Promise<void> {
    await this.#loader.load(first, count);
  }
}

/** Names of both ends and of policies, µs a flow: any pod to any other. */
function namingUs(smoke: boolean): number {
  const [pods, flows] = smoke ? [101, 1_009] : [10_007, 200_003];
  const cluster = new PureCluster();
  for (const object of shopObjects()) cluster.create(object);
  for (let i = 0; i < pods; i++) {
    const parts = { namespace: "shop", node: "node-a", hostIp: "192.168.10.1", labels: { app: `app-${i % 97}` } };
    cluster.create(pod({ ...parts, name: `pod-${i}`, ips: [podAddress(i)] }));
  }
  const now = BigInt(cluster.nowMs += 1_000) * 1_000_000n;
  const records = Array.from({ length: 997 }, (_, i) =>
    buildRecord({
      source: podAddress(i * 7 % pods),
      destination: podAddress(i * 11 % pods),
      protocol: 6,
      startUnixNs: now,
      endUnixNs: now,
    }));
  let beganMs = 0;
  for (let i = -flows; i < flows; i++) {
    if (i === 0) beganMs = performance.now(); // by now all sets are made and all code is compiled
    cluster.naming.namesOf(records[(i + flows) % records.length]!);
  }
  return (performance.now() - beganMs) / flows * 1e3;
}

export async function kubernetesBench({ smoke, say }: BenchOptions): Promise<Figure[]> {
  const [base, step] = smoke ? [101, 503] : [1_000, 10_000];
  say("starts an API server");
  await using plane = await ControlPlane.start();
  const loader = await PodLoader.create(plane);
  const bench = new KubernetesBench(plane, loader, smoke ? 500 : 5_000);
  const bareMb = await bench.bareMb();
  const found: Followed[] = [];
  let agentMb: number | undefined;
  for (const [first, count] of [[0, base], [base, step], [base + step, step]] as const) {
    say(`${first + count} pods`);
    await bench.load(first, count);
    found.push(await bench.followed(smoke ? 1 : 3));
    agentMb ??= await bench.agentMb();
  }
  const [few, more, most] = found as [Followed, Followed, Followed];
  say(`${CHANGES_PER_S} changes/s`);
  const changesCpu = await bench.changesCpu(base + 2 * step, smoke ? 1 : 20);
  const pods = (count: number) => `${count.toLocaleString("en")} pods`;
  const tenThousand = (a: Followed, b: Followed) => (b.residentMb - a.residentMb) / step * 10_000;
  const memory = (name: string, value: number, note = ""): Figure => ({
    name: `kubernetes, ${name}`,
    value,
    unit: "MB",
    note,
  });
  const { report } = most;
  return [
    memory("bare Deno", bareMb),
    {
      ...memory(`the whole agent with ${pods(base)}`, agentMb!, "without traffic; kernel pages apart"),
      most: AGENT_MB_MOST,
    },
    memory(`with ${pods(base)}`, few.residentMb, "the stage alone in a process of its own, TLS and all"),
    memory(`with ${pods(base + step)}`, more.residentMb),
    memory(`with ${pods(base + 2 * step)}`, most.residentMb),
    {
      ...memory("each 10,000 pods more", (most.residentMb - few.residentMb) / (2 * step) * 10_000),
      ...(smoke ? {} : { most: TEN_THOUSAND_MB_MOST }),
      note: `the first ${tenThousand(few, more).toFixed(1)}, the second ${tenThousand(more, most).toFixed(1)}`,
    },
    {
      name: `kubernetes, first list of ${pods(report.pods)}`,
      value: report.readyS,
      unit: "s",
      most: LIST_S_MOST,
      note: `${loader.podBytes} bytes of JSON a pod`,
    },
    {
      name: "kubernetes, longest pause of the main thread meanwhile",
      value: report.pauseCpuMs,
      unit: "ms",
      most: PAUSE_MS_MOST,
      note: `its own CPU; ${report.pauseWallMs.toFixed(0)} by the wall; before that, once: ${
        report.connectCpuMs.toFixed(0)
      } for TLS`,
    },
    {
      name: `kubernetes, CPU of ${CHANGES_PER_S} pod changes/s`,
      value: changesCpu,
      unit: "% of a core",
      most: CHANGES_CPU_MOST,
    },
    {
      name: "kubernetes, names of a flow",
      value: namingUs(smoke),
      unit: "µs",
      note: "both ends and policies; sets are made",
    },
  ];
}

/** What the agent takes when nothing happens: time to start, memory and CPU, with default limits. */
import { planMemory } from "../../src/memory_plan.ts";
import { SLOT_BYTES } from "../../src/limits.ts";
import { type Namespace, NetworkLab, until } from "../support/network_lab.ts";
import { type BenchOptions, type Figure, quietMean } from "./figure.ts";
import { processCpuS, residentMemory } from "./process_cpu.ts";

const START_S_MOST = 1;
const RESIDENT_MB_MOST = 90;
const IDLE_CPU_MOST = 0.5;
const ATTACHED = "Attached to near";
const ROOT = new URL("../../", import.meta.url).pathname;

/** Started as a person starts it. */
class Started implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "weirbench-" });
  readonly #child: Deno.ChildProcess;
  readonly #startedMs = performance.now();
  readonly #reading: Promise<void>;
  #log = "";
  attachedS = NaN;

  constructor(namespace: Namespace) {
    const args = `task -q start run --interface near --output none --socket ${this.#folder}/weir.sock ` +
      "--health-port 0 --metrics-port 0 --listen 127.0.0.1";
    this.#child = new Deno.Command("nsenter", {
      args: [`--net=${namespace.path}`, Deno.execPath(), ...args.split(" ")],
      cwd: ROOT,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const text = this.#child.stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
    for await (const part of text) {
      this.#log += part;
      if (Number.isNaN(this.attachedS) && this.#log.includes(ATTACHED)) {
        this.attachedS = (performance.now() - this.#startedMs) / 1e3;
      }
    }
  }

  async untilAttached(): Promise<void> {
    await until(`the agent to attach:\n${this.#log}`, () => !Number.isNaN(this.attachedS), 30_000);
  }

  /** Of the agent itself, which the task runs as a child. */
  get pid(): number {
    return JSON.parse(Deno.readTextFileSync(`${this.#folder}/weir.sock.run`)).pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(this.pid, "SIGTERM");
    await this.#child.status;
    await this.#reading;
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

async function startTimes(namespace: Namespace, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    await using agent = new Started(namespace);
    await agent.untilAttached();
    times.push(agent.attachedS);
  }
  return times;
}

/** The kernel's maps, which no process's resident memory should be charged with. */
function kernelMb(): { slots: number; ring: number } {
  const plan = planMemory({ cpuCount: navigator.hardwareConcurrency, pageBytes: 4_096 });
  return { slots: plan.slotCount * SLOT_BYTES / 1e6, ring: plan.ringBytes / 1e6 };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function footprintBench({ smoke, say }: BenchOptions): Promise<Figure[]> {
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  say("starts");
  const times = await startTimes(here, smoke ? 1 : 7);
  const [settleS, idleS] = smoke ? [0.5, 1] : [5, 20];
  say(`${settleS + idleS} s without traffic`);
  await using agent = new Started(here);
  await agent.untilAttached();
  await sleep(settleS * 1e3);
  const before = processCpuS(agent.pid);
  const beganMs = performance.now();
  await sleep(idleS * 1e3);
  const cpuS = processCpuS(agent.pid) - before;
  const idleCpu = cpuS / ((performance.now() - beganMs) / 1e3) * 100;
  const { all, kernelPages } = residentMemory(agent.pid);
  const kernel = kernelMb();
  return [
    {
      name: "footprint, start to attached",
      value: quietMean(times),
      unit: "s",
      most: START_S_MOST,
      note: `deno task start, built and cached; ${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)}`,
    },
    {
      name: "footprint, resident memory idle",
      value: all - kernelPages,
      unit: "MB",
      most: RESIDENT_MB_MOST,
      note: `VmRSS says ${all.toFixed(1)}, of which ${kernelPages.toFixed(1)} are mapped pages of the kernel's`,
    },
    { name: "footprint, kernel memory, slots", value: kernel.slots, unit: "MB" },
    { name: "footprint, kernel memory, ring", value: kernel.ring, unit: "MB" },
    { name: "footprint, idle CPU", value: idleCpu, unit: "% of a core", most: IDLE_CPU_MOST },
  ];
}

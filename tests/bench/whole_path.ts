/**
 * The agent as it runs, on a veth device with a generator at the other end: packets a second, what it costs in CPU, and
 * whether the books say what was sent.
 */
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks } from "../support/books_file.ts";
import type { Sent } from "../support/generator.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";
import type { BenchOptions, Figure } from "./figure.ts";
import { processCpuS } from "./process_cpu.ts";

const RATE = 200_000;
const WARM_S = 3;
const MEASURED_S = 10;
/** The most CPU that the agent may take, % of a core, by flows. */
const CPU_MOST: Record<number, number> = { 1_000: 5, 200_000: 25 };
const GENERATOR = new URL("../support/generator.ts", import.meta.url).pathname;

interface Sending {
  frames: number;
  packets: number;
  elapsedMs: number;
  packetsPerSecond: number;
}

/** Sends from a process of its own, whose CPU time is not the agent's. */
export async function send(from: Namespace, flows: number, packets: number, rate = RATE): Promise<Sending> {
  const args = `--namespace ${from.name} --interface far --flows ${flows} --packets ${packets} --rate ${rate} --json`;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", GENERATOR, ...args.split(" ")],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`The generator failed: ${args}`);
  return JSON.parse(new TextDecoder().decode(stdout)) as Omit<Sent, "flows">;
}

async function benchAt(flows: number, { smoke, say }: BenchOptions): Promise<Figure[]> {
  say(`${flows} flows at ${RATE} packets/s for ${smoke ? 1 : WARM_S + MEASURED_S} s`);
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  await using agent = await AgentProcess.start({
    namespace: here,
    args: ["--interface", "near", "--output", "none"],
  });
  const warm = await send(there, flows, RATE * (smoke ? 0.5 : WARM_S));
  const before = processCpuS(agent.pid);
  const measured = await send(there, flows, RATE * (smoke ? 0.5 : MEASURED_S));
  const cpuS = processCpuS(agent.pid) - before;
  const { code, books, log } = await agent.stop();
  if (code !== 0) throw new Error(`The agent ended with ${code}:\n${log}`);
  assertFinalBooks(books);

  const name = `whole path, ${flows.toLocaleString("en")} flows`;
  const off = (measure: "frames" | "packets") =>
    Math.abs(books[measure].counted - warm[measure] - measured[measure]) +
    Object.values(books[measure].lost).reduce((sum, lost) => sum + lost, 0);
  const cpuMost = CPU_MOST[flows];
  return [
    { name: `${name}, sent`, value: measured.packetsPerSecond, unit: "packets/s" },
    {
      name: `${name}, agent CPU`,
      value: cpuS / (measured.elapsedMs / 1e3) * 100,
      unit: "% of a core",
      ...(cpuMost ? { most: cpuMost } : {}),
    },
    { name: `${name}, agent CPU a packet`, value: cpuS / (measured.packets / 1e6), unit: "s per million" },
    { name: `${name}, frames not counted`, value: off("frames"), unit: "frames", most: 0 },
    {
      name: `${name}, packets not counted`,
      value: off("packets"),
      unit: "packets",
      most: 0,
      note: `of ${books.packets.counted.toLocaleString("en")}; the books are closed`,
    },
  ];
}

export async function wholePathBench(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const flows of options.smoke ? [1_000] : [1_000, 20_000, 200_000]) {
    figures.push(...await benchAt(flows, options));
  }
  return figures;
}

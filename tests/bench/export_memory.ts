/**
 * Memory at 10,000 spans a second, by each protocol: of exporting alone, and of an agent that watches as many flows
 * begin and end.
 */
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks } from "../support/books_file.ts";
import { NetworkLab } from "../support/network_lab.ts";
import { openOtlpSink } from "../support/tools/otlp_sink.ts";
import { sendSpans } from "./export.ts";
import type { BenchOptions, Figure } from "./figure.ts";
import { processCpuS, residentMemory } from "./process_cpu.ts";
import { send } from "./whole_path.ts";

const SPANS_PER_S = 10_000;
/** Each flow is quiet for so long that it ends: its next packet is another flow's first. */
const FLOWS = 100_000;
const SETTINGS = "span: { udp_timeout: 1s }";
const MOST_MB = { grpc: 150, http_binary: 110 } as const;

type Protocol = keyof typeof MOST_MB;

const secondsOf = ({ smoke, minutes }: BenchOptions) => smoke ? 2 : minutes * 60;

async function exporting(protocol: Protocol, options: BenchOptions): Promise<Figure[]> {
  const seconds = secondsOf(options);
  options.say(`${SPANS_PER_S} spans/s by ${protocol} for ${seconds} s`);
  await using sink = await openOtlpSink();
  const { residentMb, cpuS, elapsedS } = await sendSpans(protocol, sink, SPANS_PER_S * seconds, SPANS_PER_S);
  return [{
    name: `export memory, ${protocol}, most`,
    value: residentMb,
    unit: "MB",
    most: MOST_MB[protocol],
    note: `a process that does nothing else, ${seconds} s, ${(cpuS / elapsedS * 100).toFixed(1)} % of a core`,
  }];
}

async function agentBy(protocol: Protocol | "none", options: BenchOptions): Promise<Figure[]> {
  const seconds = secondsOf(options);
  options.say(`an agent, ${SPANS_PER_S} flows/s, ${protocol}, for ${seconds} s`);
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  await using sink = await openOtlpSink(here);
  const settings = Deno.makeTempFileSync({ suffix: ".yaml" });
  Deno.writeTextFileSync(settings, SETTINGS);
  const otlp = protocol === "none" ? [] : ["--otlp", sink.url.origin, "--otlp-protocol", protocol];
  await using agent = await AgentProcess.start({
    namespace: here,
    args: ["--interface", "near", "--output", "none", "--config", settings, ...otlp],
  });
  let most = 0;
  const look = () => {
    const { all, kernelPages } = residentMemory(agent.pid);
    most = Math.max(most, all - kernelPages);
  };
  const timer = setInterval(look, 1_000);
  const cpuBefore = processCpuS(agent.pid);
  const sent = await send(there, FLOWS, SPANS_PER_S * seconds, SPANS_PER_S);
  const cpuS = processCpuS(agent.pid) - cpuBefore;
  clearInterval(timer);
  look();
  const { code, books, log } = await agent.stop();
  Deno.removeSync(settings);
  if (code !== 0) throw new Error(`The agent ended with ${code}:\n${log}`);
  assertFinalBooks(books);
  const { exported, lost_export } = books.packets.exporters[protocol === "none" ? "none" : "otlp"]!;
  const lost = Object.values(lost_export).reduce((sum, count) => sum + count, 0);
  const note = `${exported.toLocaleString("en")} packets exported, ${lost} lost, in ${
    Math.round(sent.elapsedMs / 1e3)
  } s`;
  return [
    { name: `export memory, agent with ${protocol}, most`, value: most, unit: "MB", note },
    {
      name: `export memory, agent with ${protocol}, CPU`,
      value: cpuS / (sent.elapsedMs / 1e3) * 100,
      unit: "% of a core",
      note: `${Math.round(sent.packetsPerSecond).toLocaleString("en")} flows/s, each a packet`,
    },
  ];
}

export async function exportMemoryBench(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const protocol of ["grpc", "http_binary"] as const) figures.push(...await exporting(protocol, options));
  for (const protocol of ["none", "grpc", "http_binary"] as const) figures.push(...await agentBy(protocol, options));
  return figures;
}

/**
 * A receiver that is gone for some minutes while 2,000 flows begin every second: what the real collector has of them
 * afterwards. The default queue keeps every flow of one minute, and every total of ten.
 */
import type { FlowSpan } from "../../src/export/span.ts";
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks } from "../support/books_file.ts";
import { Collector } from "../support/collector.ts";
import { GRPC_URL } from "../support/collector_bed.ts";
import { NetworkLab, until } from "../support/network_lab.ts";
import { attribute } from "../support/span_sums.ts";
import type { BenchOptions, Figure } from "./figure.ts";
import { send } from "./whole_path.ts";

const FLOWS_PER_S = 2_000;
/** Quiet for so long that a flow ends between two of its packets. */
const FLOWS = 60_000;
const SETTINGS = "span: { udp_timeout: 1s }";
/** More than a minute of flows at this rate, the queue cannot keep. */
const EVERY_FLOW_MINUTES = 1;
const DELIVERY_MS = 120_000;

/** What spans add up to, each span id once. */
class Received {
  readonly #ids = new Set<string>();
  twice = 0;
  packets = 0;
  bytes = 0;
  flows = 0;
  aggregates = 0;

  take(span: FlowSpan): void {
    if (this.#ids.has(span.spanId)) {
      this.twice++;
      return;
    }
    this.#ids.add(span.spanId);
    this.packets += attribute(span, "flow.packets.delta");
    this.bytes += attribute(span, "flow.bytes.delta");
    if (span.attributes["weir.overflow"]) this.aggregates++;
    else this.flows++;
  }
}

export async function outageBench({ smoke, say, minutes }: BenchOptions): Promise<Figure[]> {
  const outageS = smoke ? 2 : minutes * 60;
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  await using collector = await Collector.start({ namespace: here });
  const settings = Deno.makeTempFileSync({ suffix: ".yaml" });
  Deno.writeTextFileSync(settings, SETTINGS);
  await using agent = await AgentProcess.start({
    namespace: here,
    args: ["--interface", "near", "--output", "none", "--config", settings, "--otlp", GRPC_URL],
  });
  const status = async () => await agent.askJson("/status");
  /** Every flow has ended, and every span was delivered. */
  const isDone = async () => {
    const { table, exporters } = await status();
    return table.flows === 0 && exporters.otlp.queued === 0;
  };
  const before = await send(there, FLOWS, FLOWS_PER_S, FLOWS_PER_S);
  await until("spans before the outage", isDone, DELIVERY_MS);
  await collector.stop();
  say(`the collector is gone for ${outageS} s, ${FLOWS_PER_S} flows/s`);
  const during = await send(there, FLOWS, FLOWS_PER_S * outageS, FLOWS_PER_S);
  const { queued } = (await status()).exporters.otlp;
  await collector.start();
  say(`${queued} records wait for the collector`);
  await until("spans after the outage", isDone, DELIVERY_MS);
  const { code, books, log } = await agent.stop();
  Deno.removeSync(settings);
  if (code !== 0) throw new Error(`The agent ended with ${code}:\n${log}`);
  assertFinalBooks(books);
  await collector.stop();
  const received = new Received();
  await collector.eachSpan((span) => received.take(span));
  const packets = before.packets + during.packets;
  const bytes = books.bytes.counted;
  const keepsEveryFlow = smoke || minutes <= EVERY_FLOW_MINUTES;
  return [
    {
      name: "outage, flows that are not in the collector",
      value: packets - received.flows,
      unit: "flows",
      ...(keepsEveryFlow ? { most: 0 } : {}),
      note: `of ${packets.toLocaleString("en")}, each a packet; ${received.aggregates} aggregates; ${outageS} s`,
    },
    {
      name: "outage, packets that are not in the collector",
      value: packets - received.packets,
      unit: "packets",
      most: 0,
    },
    { name: "outage, bytes that are not in the collector", value: bytes - received.bytes, unit: "bytes", most: 0 },
    { name: "outage, spans that came twice", value: received.twice, unit: "spans", note: "with the same span id" },
  ];
}

/** An agent that sends its spans to a real collector beside it, and a generator. */
import { deepEqual, equal } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import type { Ended } from "./agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "./books_file.ts";
import { Collector, COLLECTOR_ADDRESS, type CollectorOptions, GRPC_PORT, HTTP_PORT } from "./collector.ts";
import { openWire, type Wire } from "./wire.ts";

export const GRPC_URL = `http://${COLLECTOR_ADDRESS}:${GRPC_PORT}`;
export const HTTP_URL = `http://${COLLECTOR_ADDRESS}:${HTTP_PORT}`;

/** Spans come soon, so that they are sent while a test goes on. */
export const SETTINGS = "span: { udp_timeout: 1s, tcp_timeout: 1s, icmp_timeout: 1s }";

export interface Bed extends AsyncDisposable {
  wire: Wire;
  collector: Collector;
}

/** args: the agent's. settings: its configuration file. */
export async function openBed(
  args: readonly string[],
  options: Omit<CollectorOptions, "namespace"> & { settings?: string } = {},
): Promise<Bed> {
  let collector: Collector | undefined;
  try {
    const wire = await openWire({
      args: [...args],
      settings: options.settings ?? SETTINGS,
      async before(namespace) {
        collector = await Collector.start({ namespace, ...options });
      },
    });
    return {
      wire,
      collector: collector!,
      async [Symbol.asyncDispose]() {
        await wire[Symbol.asyncDispose]();
        await collector![Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await collector?.[Symbol.asyncDispose]();
    throw error;
  }
}

export const byId = (spans: readonly FlowSpan[]) => new Map(spans.map((span) => [span.spanId, span]));

/** Every span of the run is in the collector, equal and once. Returns how the run ended. */
export async function assertAllThere({ wire, collector }: Bed): Promise<Ended> {
  const ended = await wire.agent.stop();
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
  assertNothingLost(ended.books);
  await collector.stop();
  const there = collector.spans();
  equal(new Set(there.map(({ spanId }) => spanId)).size, there.length, "nothing came twice");
  deepEqual(byId(there), byId(ended.spans));
  return ended;
}

/** Records that an exporter has delivered so far. */
export async function delivered({ wire }: Bed, exporter = "otlp"): Promise<number> {
  const { exporters } = await wire.agent.askJson("/status");
  return exporters[exporter].exported;
}

/** TCP, UDP and ICMP, IPv4 and IPv6: every kind of attribute. */
export async function sendOfEverything({ wire }: Bed): Promise<void> {
  await wire.send({ flows: 211, packets: 1_009, protocol: "udp" });
  await wire.send({ flows: 101, packets: 503, protocol: "tcp", source: "10.78.0.1" });
  await wire.send({ flows: 53, packets: 211, protocol: "udp", version: 6 });
  await wire.send({ flows: 53, packets: 211, protocol: "tcp", version: 6, source: "fd79::1" });
}

/**
 * Sends spans to a sink as fast as they go, in a process of its own, and says what it took. stock: OpenTelemetry's own
 * exporter with spans that are ready. Others: records through a queue, a serialiser and a transport, as the agent's go.
 *
 *     deno run -A tests/bench/export_sender.ts stock|grpc|http_binary|http_json URL SPANS BATCH [SPANS_PER_S]
 *
 * With a rate, spans come at that rate and the memory is the most there was.
 * One line of JSON on stdout: {spans, elapsedS, cpuS, residentMb}.
 */
import { spanModule } from "../../src/artifacts.ts";
import type { OtlpProtocol } from "../../src/export/mod.ts";
import { createOtlpExporter } from "../../src/export/otlp/otlp_exporter.ts";
import { flowSpan } from "../../src/export/span.ts";
import { OTLP_BATCH_RECORDS_WANTED } from "../../src/limits.ts";
import { nextTurn } from "../../src/turn.ts";
import { ATTRIBUTES_EACH, benchMeaning, benchRecords, REFERENCES } from "./export_records.ts";
import { processCpuS } from "./process_cpu.ts";

export type Path = "stock" | OtlpProtocol;

export interface Sending {
  spans: number;
  elapsedS: number;
  cpuS: number;
  residentMb: number;
}

const RECORDS = 8_192;
const IN_FLIGHT = 4;
/** Spans before the clock starts: code is compiled, the connection is there. */
const WARM_PART = 0.2;
const RESOURCE = { "service.name": "weir", "host.name": "bench" };
const SCOPE = { name: "weir", version: "bench" };

const PACE_MS = 10;

interface Sender {
  /** Sends about so many, and resolves when all of them are answered for. */
  send(spans: number): Promise<void>;
  /** Sends so many at a rate. Returns the most that was resident meanwhile, MB. */
  pace?(spans: number, spansPerS: number): Promise<number>;
}

async function stockSender(url: string, batch: number): Promise<Sender> {
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
  const exporter = new OTLPTraceExporter({ url, concurrencyLimit: IN_FLIGHT * 2 });
  const spans = Array.from(benchRecords(batch), (record) => readableSpan(record));
  const exportBatch = () =>
    new Promise<void>((resolve, reject) =>
      exporter.export(spans, ({ code, error }: { code: number; error?: Error }) => code ? reject(error) : resolve())
    );
  return {
    async send(count) {
      let left = Math.ceil(count / batch);
      const lane = async () => {
        while (left-- > 0) await exportBatch();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    },
  };
}

const KINDS = { INTERNAL: 0, SERVER: 1, CLIENT: 2 } as const;

/** What the exporter reads of a span (ReadableSpan). */
// deno-lint-ignore no-explicit-any
function readableSpan(record: Parameters<typeof flowSpan>[0]): any {
  const span = flowSpan(record, { ...benchMeaning(0), ...REFERENCES });
  const time = (ns: string) => [Number(BigInt(ns) / 1_000_000_000n), Number(BigInt(ns) % 1_000_000_000n)];
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => ({ traceId: span.traceId, spanId: span.spanId, traceFlags: 1 }),
    startTime: time(span.startTimeUnixNano),
    endTime: time(span.endTimeUnixNano),
    status: { code: 0 },
    attributes: span.attributes,
    links: [],
    events: [],
    resource: { attributes: RESOURCE },
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

async function ownSender(protocol: OtlpProtocol, url: string, batch: number): Promise<Sender> {
  const exporter = await createOtlpExporter({
    name: "otlp",
    url: new URL(url),
    protocol,
    headers: {},
    credentials: undefined,
    tls: undefined,
    compression: "none",
    timeoutMs: 10_000,
    batchRecordsWanted: Math.min(batch, OTLP_BATCH_RECORDS_WANTED),
    batchRecordsMax: batch,
    lingerMs: 2_000,
    batchesInFlightMax: IN_FLIGHT,
    userAgent: "weir/bench",
    queueRecordsMax: 65_536,
    resource: () => RESOURCE,
    scope: SCOPE,
    module: spanModule(),
    references: REFERENCES,
    withStandardNames: true,
  });
  const records = benchRecords(RECORDS);
  return {
    async send(count) {
      const target = exporter.records().exported + Math.ceil(count / batch) * batch;
      for (let i = exporter.records().exported; i < target; i++) {
        exporter.accept(records.at(i % RECORDS), benchMeaning(i));
        if (i % 512 !== 0) continue;
        await nextTurn();
        if (!exporter.isReady()) await exporter.ready();
      }
      while (exporter.records().exported < target) await nextTurn();
    },
    async pace(count, spansPerS) {
      let most = 0;
      const startedMs = performance.now();
      for (let i = 0; i < count;) {
        const due = Math.min(count, Math.floor((performance.now() - startedMs) / 1e3 * spansPerS));
        for (; i < due; i++) exporter.accept(records.at(i % RECORDS), benchMeaning(i));
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
        most = Math.max(most, Deno.memoryUsage().rss / 1e6);
      }
      return most;
    },
  };
}

if (import.meta.main) {
  const [path, url, spans, batch, spansPerS] = Deno.args as [Path, string, string, string, string | undefined];
  const sender = path === "stock" ? await stockSender(url, Number(batch)) : await ownSender(path, url, Number(batch));
  console.error(`${ATTRIBUTES_EACH} attributes a span`);
  if (!spansPerS) await sender.send(Number(spans) * WARM_PART);
  const [startedMs, cpuBefore] = [performance.now(), processCpuS(Deno.pid)];
  const most = spansPerS ? await sender.pace?.(Number(spans), Number(spansPerS)) : undefined;
  if (!spansPerS) await sender.send(Number(spans));
  const sending: Sending = {
    spans: Number(spans),
    elapsedS: (performance.now() - startedMs) / 1e3,
    cpuS: processCpuS(Deno.pid) - cpuBefore,
    residentMb: most ?? Deno.memoryUsage().rss / 1e6,
  };
  console.log(JSON.stringify(sending));
  Deno.exit();
}

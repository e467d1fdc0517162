/** Every exporter passes the suite of their contract. */
import { spanModule } from "../../src/artifacts.ts";
import {
  CountingExporter,
  jsonLine,
  LineSender,
  OTLP_PROTOCOLS,
  type OtlpProtocol,
  plainStyle,
  QueuedExporter,
  textLine,
} from "../../src/export/mod.ts";
import { createOtlpExporter } from "../../src/export/otlp/otlp_exporter.ts";
import { type Condition, exporterSuite, QUEUE_RECORDS, type SuiteBed } from "../support/exporter_suite.ts";
import { NO_REFERENCES } from "../support/meanings.ts";
import { openReceiver, type Reply } from "../support/otlp_receiver.ts";

const LATE_MS = 300;

function openLines(format: "json" | "text", condition: Condition): SuiteBed {
  let lines = 0;
  const from = performance.now();
  const stream = {
    async write(bytes: Uint8Array) {
      if (condition === "stuck") await new Promise(() => {});
      if (condition === "fails") throw new Deno.errors.BrokenPipe();
      const lateMs = condition === "late" ? from + LATE_MS - performance.now() : 0;
      if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
      lines += new TextDecoder().decode(bytes).split("\n").length - 1;
    },
  };
  const line = format === "json" ? jsonLine(NO_REFERENCES) : textLine(NO_REFERENCES, plainStyle);
  const exporter = new QueuedExporter(new LineSender(format, stream, line), {
    queueRecordsMax: QUEUE_RECORDS,
    random: Math.random,
  });
  return { exporter, received: () => lines, [Symbol.asyncDispose]: () => Promise.resolve() };
}

const REPLIES: Record<Condition, Reply[]> = {
  takes: ["ok"],
  stuck: ["silence"],
  fails: ["refused"],
  late: [{ busyMs: LATE_MS }, { busyMs: LATE_MS }, "ok"],
};

async function openOtlp(protocol: OtlpProtocol, condition: Condition): Promise<SuiteBed> {
  const receiver = await openReceiver(protocol, REPLIES[condition]);
  const exporter = await createOtlpExporter({
    name: "otlp",
    url: receiver.url,
    protocol,
    headers: {},
    credentials: undefined,
    tls: undefined,
    compression: "none",
    timeoutMs: 60_000,
    batchRecordsWanted: 256,
    batchRecordsMax: 256,
    lingerMs: 10,
    batchesInFlightMax: 2,
    userAgent: "weir/test",
    queueRecordsMax: QUEUE_RECORDS,
    resource: () => ({ "service.name": "weir" }),
    scope: { name: "weir", version: "1" },
    module: spanModule(),
    references: NO_REFERENCES,
    withStandardNames: true,
  });
  return {
    exporter,
    received: () => new Set(receiver.requests.flatMap(({ spans }) => spans.map(({ spanId }) => spanId))).size,
    async [Symbol.asyncDispose]() {
      await exporter.close(0);
      await receiver[Symbol.asyncDispose]();
    },
  };
}

const ALL: readonly Condition[] = ["takes", "stuck", "fails", "late"];

for (const format of ["json", "text"] as const) {
  exporterSuite({ name: format, open: (condition) => openLines(format, condition), conditions: ALL });
}
for (const protocol of OTLP_PROTOCOLS) {
  exporterSuite({
    name: `otlp by ${protocol}`,
    open: (condition) => openOtlp(protocol, condition),
    conditions: ALL,
  });
}
exporterSuite({
  name: "none",
  open() {
    const exporter = new CountingExporter();
    return {
      exporter,
      received: () => exporter.records().exported,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
  conditions: ["takes"],
});

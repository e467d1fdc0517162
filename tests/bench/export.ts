/** Spans a second and CPU a span to a sink that keeps nothing, beside OpenTelemetry's own exporter in the same run. */
import { spanModule } from "../../src/artifacts.ts";
import { RecordQueue } from "../../src/export/record_queue.ts";
import { RequestHead } from "../../src/export/otlp/request_head.ts";
import { SpanWriter } from "../../src/export/otlp/span_writer.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT, OTLP_BATCH_RECORDS } from "../../src/limits.ts";
import { openOtlpSink, type OtlpSink } from "../support/tools/otlp_sink.ts";
import { benchMeaning, benchRecords, REFERENCES } from "./export_records.ts";
import type { Path, Sending } from "./export_sender.ts";
import { type BenchOptions, type Figure, median, quietMean } from "./figure.ts";
import { processCpuS } from "./process_cpu.ts";

const SENDER = new URL("./export_sender.ts", import.meta.url).pathname;
const SPANS: Record<Path, number> = { stock: 100_000, grpc: 1_000_000, http_binary: 1_500_000, http_json: 100_000 };
const ROUNDS = 5;

interface Measured extends Sending {
  sinkCpuS: number;
}

/** Sends from a process of its own. spansPerS: at that rate, with the agent's flags; else as fast as they go. */
export async function sendSpans(path: Path, sink: OtlpSink, spans: number, spansPerS?: number): Promise<Measured> {
  const before = processCpuS(sink.pid);
  const flags = spansPerS ? ["--v8-flags=--max-semi-space-size=1"] : [];
  const words = [path, sink.url.origin, spans, OTLP_BATCH_RECORDS, ...(spansPerS ? [spansPerS] : [])].map(String);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...flags, SENDER, ...words],
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Sending by ${path} failed:\n${text.decode(stderr)}`);
  return { ...JSON.parse(text.decode(stdout)), sinkCpuS: processCpuS(sink.pid) - before };
}

const rate = ({ spans, elapsedS }: Sending) => spans / elapsedS;
const cpuUs = ({ cpuS, spans }: Sending) => cpuS / spans * 1e6;

/** The most that each path is to be of the stock exporter, and the least. */
const TARGETS: Partial<Record<Path, { rateLeast: number; cpuLeast: number }>> = {
  grpc: { rateLeast: 6, cpuLeast: 8 },
  http_binary: { rateLeast: 12, cpuLeast: 14 },
};

async function sendingFigures({ smoke, say }: BenchOptions): Promise<Figure[]> {
  await using sink = await openOtlpSink();
  const paths: Path[] = ["stock", "grpc", "http_binary", "http_json"];
  const measured = Object.fromEntries(paths.map((path) => [path, [] as Measured[]])) as Record<Path, Measured[]>;
  for (let round = 0; round < (smoke ? 1 : ROUNDS); round++) {
    for (const path of paths) {
      say(`round ${round + 1}, ${path}`);
      measured[path].push(await sendSpans(path, sink, smoke ? 4_096 : SPANS[path]));
    }
  }
  // the best round of each: other work on the machine only ever takes away
  const cpu = (path: Path) => Math.min(...measured[path].map(cpuUs));
  const speed = (path: Path) => Math.max(...measured[path].map(rate));
  const middle = (path: Path, figure: (sending: Measured) => number) => median(measured[path].map(figure));
  return paths.flatMap((path) => {
    const sinkUs = middle(path, ({ sinkCpuS, spans }) => sinkCpuS / spans * 1e6);
    const note =
      `40 attributes, ${OTLP_BATCH_RECORDS} spans a request; the sink took ${sinkUs.toFixed(1)} µs a span; ` +
      `${middle(path, ({ residentMb }) => residentMb).toFixed(0)} MB resident`;
    const target = TARGETS[path];
    const own: Figure[] = [
      { name: `export, ${path}, spans`, value: speed(path), unit: "spans/s", note },
      { name: `export, ${path}, CPU`, value: cpu(path), unit: "µs/span" },
    ];
    if (!target) return own;
    return [...own, {
      name: `export, ${path}, spans of the stock exporter's`,
      value: speed(path) / speed("stock"),
      unit: "×",
      least: target.rateLeast,
    }, {
      name: `export, ${path}, stock exporter's CPU a span of its`,
      value: cpu("stock") / cpu(path),
      unit: "×",
      least: target.cpuLeast,
    }];
  });
}

/** Writing requests alone, from records as a queue holds them. */
function serialising({ smoke, say }: BenchOptions): Figure {
  say("serialising");
  const queue = new RecordQueue(2_048);
  const records = benchRecords(OTLP_BATCH_RECORDS);
  for (let i = 0; i < OTLP_BATCH_RECORDS; i++) queue.push(records.at(i), benchMeaning(i));
  const { bytes } = queue.take(OTLP_BATCH_RECORDS)!;
  const head = () => new RequestHead({ "service.name": "weir" }, { name: "weir", version: "bench" });
  const writer = new SpanWriter(spanModule(), {
    recordsMax: OTLP_BATCH_RECORDS,
    head,
    references: REFERENCES,
    isWanted: () => true,
  });
  let requestBytes = 0;
  const times = Array.from({ length: smoke ? 5 : 2_000 }, () => {
    const started = performance.now();
    requestBytes = writer.write(bytes)!.length;
    return (performance.now() - started) * 1e3 / OTLP_BATCH_RECORDS;
  });
  return {
    name: "export, serialising",
    value: quietMean(times),
    unit: "µs/span",
    most: 0.6,
    note: `${Math.round(requestBytes / OTLP_BATCH_RECORDS)} bytes a span`,
  };
}

/** What a queue takes when it is full. */
function queueMemory(): Figure {
  const queue = new RecordQueue(EXPORT_QUEUE_RECORDS_DEFAULT);
  const records = benchRecords(1_024);
  const before = Deno.memoryUsage().external;
  for (let i = 0; i < EXPORT_QUEUE_RECORDS_DEFAULT; i++) queue.push(records.at(i % 1_024), benchMeaning(i));
  const held = Deno.memoryUsage().external - before;
  return {
    name: "export, memory of a queued record",
    value: held / EXPORT_QUEUE_RECORDS_DEFAULT,
    unit: "B",
    most: 300.5,
    note: `${queue.waiting} records, ${(held / 2 ** 20).toFixed(1)} MiB: the default queue, full`,
  };
}

export async function exportBench(options: BenchOptions): Promise<Figure[]> {
  return [queueMemory(), serialising(options), ...await sendingFigures(options)];
}

/** --otlp and what goes with it: a receiver for spans. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { spanModule } from "../artifacts.ts";
import { UsageError } from "../errors.ts";
import { type Exporter, OTLP_PROTOCOLS, type OtlpProtocol, type SpanContext } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import {
  EXPORT_QUEUE_RECORDS_DEFAULT,
  OTLP_BATCH_RECORDS,
  OTLP_BATCHES_IN_FLIGHT,
  OTLP_LINGER_MS,
  OTLP_TIMEOUT_MS,
} from "../limits.ts";
import { VERSION } from "../version.ts";

const COMPRESSIONS = ["none", "gzip"] as const;

export interface OtlpOptions {
  otlp?: URL;
  otlpProtocol: OtlpProtocol;
  otlpHeader: Record<string, string>;
  otlpCompression: typeof COMPRESSIONS[number];
}

export function addOtlpOptions(command: Command): void {
  command
    .option("--otlp <url>", "send spans to an OpenTelemetry receiver, as http://127.0.0.1:4317", parseUrl)
    .addOption(new Option("--otlp-protocol <name>", "how").choices(OTLP_PROTOCOLS).default("grpc"))
    .option("--otlp-header <name=value>", "a header of each request; repeatable", addHeader, {})
    .addOption(new Option("--otlp-compression <name>", "of requests").choices(COMPRESSIONS).default("none"));
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InvalidArgumentError("a URL is wanted, as http://127.0.0.1:4317");
}

const HEADER_NAME_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function addHeader(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  if (at < 1 || !HEADER_NAME_REGEXP.test(name)) throw new InvalidArgumentError("a header is written as name=value");
  return { ...before, [name.toLowerCase()]: text.slice(at + 1) };
}

/** The exporter that the command line asks for, if it does. Throws UsageError. */
export async function otlpExporter(
  options: OtlpOptions,
  contextOf: (record: FlowRecord) => SpanContext,
  interfaceOf: SpanContext["interfaceOf"],
): Promise<Exporter | undefined> {
  const { otlp, otlpHeader, otlpProtocol, otlpCompression } = options;
  if (!otlp) {
    if (Object.keys(otlpHeader).length) throw new UsageError("--otlp-header is for --otlp, which is not given");
    return undefined;
  }
  // loaded only here: it costs memory
  const { createOtlpExporter } = await import("../export/otlp/otlp_exporter.ts");
  const { hostResource } = await import("../export/otlp/resource.ts");
  return await createOtlpExporter({
    name: "otlp",
    url: otlp,
    protocol: otlpProtocol,
    headers: otlpHeader,
    compression: otlpCompression,
    timeoutMs: OTLP_TIMEOUT_MS,
    batchRecordsMax: OTLP_BATCH_RECORDS,
    lingerMs: OTLP_LINGER_MS,
    batchesInFlightMax: OTLP_BATCHES_IN_FLIGHT,
    queueRecordsMax: EXPORT_QUEUE_RECORDS_DEFAULT,
    resource: hostResource(VERSION),
    scope: { name: "weir", version: VERSION },
    module: spanModule(),
    kindOf: (record) => contextOf(record).kind,
    interfaceOf,
  });
}

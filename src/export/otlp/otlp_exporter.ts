/** An exporter to an OTLP receiver, in the protocol that is asked for. */
import type { HistogramBuckets } from "../../histogram.ts";
import { QueuedExporter } from "../queued_exporter.ts";
import type { References } from "../references.ts";
import type { Sender } from "../sender.ts";
import { isStandardName } from "../standard_names.ts";
import { HttpSender } from "./http_sender.ts";
import type { HttpTransport } from "./http_transport.ts";
import { protobufEncoding } from "./protobuf_encoding.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { RequestHead, type Scope } from "./request_head.ts";
import type { Resource } from "./resource.ts";
import type { IsWanted } from "./span_pieces.ts";
import { SpanWriter } from "./span_writer.ts";

export interface OtlpOptions extends ReceiverOptions {
  queueRecordsMax: number;
  /** Of the queue's histograms. */
  buckets?: HistogramBuckets;
  /** Asked once, for the first request. */
  resource(): Resource;
  scope: Scope;
  /** wasm/span, compiled. */
  module: WebAssembly.Module;
  references: References;
  /** Whether spans carry OpenTelemetry's names beside the flow names. */
  withStandardNames: boolean;
}

export async function createOtlpExporter(options: OtlpOptions): Promise<QueuedExporter> {
  const { queueRecordsMax, buckets } = options;
  return new QueuedExporter(await createSender(options), {
    queueRecordsMax,
    random: Math.random,
    ...(buckets ? { buckets } : {}),
  });
}

/** Libraries are loaded only for what is asked for: they cost memory. */
async function createSender(options: OtlpOptions): Promise<Sender> {
  const { protocol, resource, scope, references } = options;
  if (protocol === "grpc") {
    const { GrpcSender } = await import("./grpc_sender.ts");
    return new GrpcSender(options, createWriter(options));
  }
  const receiver = { ...options, url: tracesUrl(options.url) };
  const transport = await createTransport(receiver);
  if (protocol === "http_binary") return new HttpSender(receiver, transport, protobufEncoding(createWriter(options)));
  const { jsonEncoding } = await import("./json_encoding.ts");
  return new HttpSender(receiver, transport, jsonEncoding(resource, scope, references, isWantedBy(options)));
}

function isWantedBy({ withStandardNames }: OtlpOptions): IsWanted {
  return (name) => withStandardNames || !isStandardName(name);
}

function createWriter(options: OtlpOptions): SpanWriter {
  const { module, batchRecordsMax, resource, scope, references } = options;
  const head = () => new RequestHead(resource(), scope);
  return new SpanWriter(module, { recordsMax: batchRecordsMax, head, references, isWanted: isWantedBy(options) });
}

/** For a URL whose path is the traces' own. */
export async function createTransport({ url, tls }: Pick<ReceiverOptions, "url" | "tls">): Promise<HttpTransport> {
  if (tls?.insecureSkipVerify && url.protocol === "https:") {
    const { UnverifiedTransport } = await import("./unverified_transport.ts");
    return new UnverifiedTransport(url, tls);
  }
  const { FetchTransport } = await import("./fetch_transport.ts");
  return new FetchTransport(url, tls);
}

/** A bare URL names the receiver, and spans go to its /v1/traces; any path is taken as it is. */
export function tracesUrl(url: URL): URL {
  return url.pathname === "/" ? new URL("/v1/traces", url) : url;
}

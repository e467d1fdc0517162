/** An exporter to an OTLP receiver, in the protocol that is asked for. */
import { QueuedExporter } from "../queued_exporter.ts";
import type { References } from "../references.ts";
import type { Sender } from "../sender.ts";
import { isStandardName } from "../standard_names.ts";
import { FetchTransport } from "./fetch_transport.ts";
import { GrpcSender, grpcUrl } from "./grpc_sender.ts";
import { HttpSender } from "./http_sender.ts";
import { protobufEncoding } from "./protobuf_encoding.ts";
import type { OtlpProtocol } from "./protocol.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { RequestHead, type Scope } from "./request_head.ts";
import type { Resource } from "./resource.ts";
import type { IsWanted } from "./span_pieces.ts";
import { SpanWriter } from "./span_writer.ts";

export interface OtlpOptions extends ReceiverOptions {
  protocol: OtlpProtocol;
  queueRecordsMax: number;
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
  const { queueRecordsMax } = options;
  return new QueuedExporter(await createSender(options), { queueRecordsMax, random: Math.random });
}

/** Libraries are loaded only for what is asked for: they cost memory. */
async function createSender(options: OtlpOptions): Promise<Sender> {
  const { protocol, resource, scope, references, tls } = options;
  const isUnverified = tls?.insecureSkipVerify && options.url.protocol === "https:";
  if (protocol === "grpc") return await createGrpcSender(options, isUnverified ?? false);
  const url = tracesUrl(options.url);
  const receiver = { ...options, url };
  const transport = isUnverified
    ? new (await import("./unverified_transport.ts")).UnverifiedTransport(url, tls)
    : new FetchTransport(url, { tls });
  if (protocol === "http_binary") return new HttpSender(receiver, transport, protobufEncoding(createWriter(options)));
  const { jsonEncoding } = await import("./json_encoding.ts");
  return new HttpSender(receiver, transport, jsonEncoding(resource, scope, references, isWantedBy(options)));
}

async function createGrpcSender(options: OtlpOptions, isUnverified: boolean): Promise<Sender> {
  const writer = createWriter(options);
  if (isUnverified) {
    const { UnverifiedGrpcSender } = await import("./unverified_grpc_sender.ts");
    return new UnverifiedGrpcSender(options, writer);
  }
  const transport = new FetchTransport(grpcUrl(options.url), { tls: options.tls, isHttp2: true });
  return new GrpcSender(options, transport, writer);
}

function isWantedBy({ withStandardNames }: OtlpOptions): IsWanted {
  return (name) => withStandardNames || !isStandardName(name);
}

function createWriter(options: OtlpOptions): SpanWriter {
  const { module, batchRecordsMax, resource, scope, references } = options;
  const head = () => new RequestHead(resource(), scope);
  return new SpanWriter(module, { recordsMax: batchRecordsMax, head, references, isWanted: isWantedBy(options) });
}

/** A bare URL names the receiver, and spans go to its /v1/traces; any path is taken as it is. */
export function tracesUrl(url: URL): URL {
  return url.pathname === "/" ? new URL("/v1/traces", url) : url;
}

/** An exporter to an OTLP receiver, in the protocol that is asked for. */
import type { SpanKind } from "../../flow.ts";
import type { FlowRecord } from "../../flow_record.ts";
import type { AttributeValue } from "../../attribute_sets.ts";
import { QueuedExporter } from "../queued_exporter.ts";
import type { Sender } from "../sender.ts";
import { HttpSender } from "./http_sender.ts";
import type { OtlpProtocol } from "./protocol.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { RequestHead } from "./request.ts";
import { SpanWriter } from "./span_writer.ts";

export interface OtlpOptions extends ReceiverOptions {
  protocol: OtlpProtocol;
  queueRecordsMax: number;
  resource: Record<string, AttributeValue>;
  scope: { name: string; version: string };
  /** wasm/span, compiled. */
  module: WebAssembly.Module;
  kindOf(record: FlowRecord): SpanKind;
  interfaceOf(id: number): { name: string | undefined; ifindex: number | undefined } | undefined;
}

export async function createOtlpExporter(options: OtlpOptions): Promise<QueuedExporter> {
  const writer = new SpanWriter(options.module, {
    recordsMax: options.batchRecordsMax,
    interfaceOf: options.interfaceOf,
  });
  const head = new RequestHead(options.resource, options.scope);
  return new QueuedExporter(await createSender(options, writer, head), {
    queueRecordsMax: options.queueRecordsMax,
    kindOf: options.kindOf,
    random: Math.random,
  });
}

async function createSender(options: OtlpOptions, writer: SpanWriter, head: RequestHead): Promise<Sender> {
  if (options.protocol === "http_binary") {
    return new HttpSender({ ...options, url: tracesUrl(options.url) }, writer, head);
  }
  // loaded only here: the library costs memory
  const { GrpcSender } = await import("./grpc_sender.ts");
  return new GrpcSender(options, writer, head);
}

/** A bare URL names the receiver, and spans go to its /v1/traces; any path is taken as it is. */
export function tracesUrl(url: URL): URL {
  return url.pathname === "/" ? new URL("/v1/traces", url) : url;
}

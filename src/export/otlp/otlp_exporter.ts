/** An exporter to an OTLP receiver, in the protocol that is asked for. */
import type { HistogramBuckets } from "../../histogram.ts";
import { QueuedExporter } from "../queued_exporter.ts";
import type { References } from "../references.ts";
import { isStandardName } from "../standard_names.ts";
import { createSender } from "./create_sender.ts";
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
  const sender = await createSender(options, {
    protobuf: () => createWriter(options),
    async json() {
      const { jsonEncoding } = await import("./json_encoding.ts");
      return jsonEncoding(options.resource, options.scope, options.references, isWantedBy(options));
    },
  });
  return new QueuedExporter(sender, { queueRecordsMax, random: Math.random, ...(buckets ? { buckets } : {}) });
}

function isWantedBy({ withStandardNames }: OtlpOptions): IsWanted {
  return (name) => withStandardNames || !isStandardName(name);
}

function createWriter(options: OtlpOptions): SpanWriter {
  const { module, batchRecordsMax, resource, scope, references } = options;
  const head = () => new RequestHead(resource(), scope);
  return new SpanWriter(module, { recordsMax: batchRecordsMax, head, references, isWanted: isWantedBy(options) });
}

/**
 * OTLP over gRPC through the transport of OpenTelemetry's own exporter (OTLP 1.9, "OTLP/gRPC"): it gets bytes that are
 * ready, and keeps connection, compression and deadlines.
 */
import {
  convertLegacyOtlpGrpcOptions,
  createEmptyMetadata,
  createInsecureCredentials,
  createOtlpGrpcExportDelegate,
  createSslCredentials,
} from "@opentelemetry/otlp-grpc-exporter-base";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { answerTo, OtlpSender } from "./otlp_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { RequestHead } from "./request.ts";
import { readTraceResponse, type TraceResponse } from "./response.ts";
import type { SpanWriter } from "./span_writer.ts";

const SERVICE = "TraceExportService";
const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/**
 * gRPC status codes after which a client may try again (OTLP 1.9, "Failures"), and the library's own of a full house.
 */
const RETRYABLE = new Set([1, 4, 8, 10, 11, 14, 15]);
const SUCCESS = 0;
const NOTHING_REJECTED: TraceResponse = { rejectedSpans: 0, errorMessage: "" };

type Delegate = ReturnType<typeof createOtlpGrpcExportDelegate<Uint8Array, TraceResponse>>;

export class GrpcSender extends OtlpSender {
  readonly #delegate: Delegate;
  /** Of the answer that the delegate reads just now; it calls back before it reads another one. */
  #response = NOTHING_REJECTED;

  constructor(options: ReceiverOptions, writer: SpanWriter, head: RequestHead) {
    super(options, writer, head);
    this.#delegate = this.#createDelegate(options);
  }

  #createDelegate({ url, headers, compression, timeoutMs, batchesInFlightMax }: ReceiverOptions): Delegate {
    const metadata = createEmptyMetadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const settled = convertLegacyOtlpGrpcOptions({
      url: url.href,
      metadata,
      credentials: url.protocol === "https:" ? createSslCredentials() : createInsecureCredentials(),
      timeoutMillis: timeoutMs,
      // its place is free only after our callback returned
      concurrencyLimit: batchesInFlightMax * 2,
    }, "TRACES");
    const serializer = {
      serializeRequest: (request: Uint8Array) => request,
      deserializeResponse: (bytes: Uint8Array) => this.#response = readTraceResponse(bytes),
    };
    return createOtlpGrpcExportDelegate(
      { ...settled, compression: compression as typeof settled.compression },
      serializer,
      "otlp_grpc_span_exporter",
      // the library's own figures go nowhere: the books are ours
      { name: "span", countItems: () => 0 },
      undefined,
      SERVICE,
      PATH,
    );
  }

  override send(batch: RecordBatch): Promise<Answer> {
    const request = this.request(batch);
    this.#response = NOTHING_REJECTED;
    return new Promise((resolve) => {
      this.#delegate.export(request, ({ code, error }) => {
        resolve(code === SUCCESS ? this.#delivered(batch.count) : refused(error));
      });
    });
  }

  #delivered(count: number): Answer {
    const response = this.#response;
    this.#response = NOTHING_REJECTED;
    return answerTo(response, count);
  }

  override close(): void {
    // it waits for answers first, and nobody waits for those any more
    void this.#delegate.shutdown();
  }
}

function refused(error: (Error & { code?: number | string }) | undefined): Answer {
  const cause = error?.cause as { code?: number } | undefined;
  const code = Number(error?.code ?? cause?.code);
  const detail = error?.message ?? "no reason given";
  // without a code it is the transport that speaks: nothing was sent
  if (Number.isNaN(code) || RETRYABLE.has(code)) return { outcome: "retry", detail };
  return { outcome: "rejected", reason: `grpc_${code}`, detail };
}

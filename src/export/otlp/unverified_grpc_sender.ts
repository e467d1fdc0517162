/**
 * OTLP over gRPC to a receiver whose certificate nobody looks at: fetch cannot do that, the transport of
 * OpenTelemetry's own exporter can. Loaded only for insecure_skip_verify: grpc_sender.ts says why it is not for all.
 */
import { createOtlpGrpcExportDelegate } from "@opentelemetry/otlp-grpc-exporter-base";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { channelCredentials } from "./grpc_credentials.ts";
import { answerToStatus } from "./grpc_status.ts";
import { answerTo, OtlpSender, TOO_LARGE } from "./otlp_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { readTraceResponse, type TraceResponse } from "./response.ts";
import type { SpanWriter } from "./span_writer.ts";

const SERVICE = "TraceExportService";
const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** A google.rpc.Status in the trailers. */
const STATUS_DETAILS = "grpc-status-details-bin";

const SUCCESS = 0;
const NOTHING_REJECTED: TraceResponse = { rejectedSpans: 0, errorMessage: "" };

type Delegate = ReturnType<typeof createOtlpGrpcExportDelegate<Uint8Array, TraceResponse>>;

export class UnverifiedGrpcSender extends OtlpSender {
  readonly #options: ReceiverOptions;
  readonly #writer: Pick<SpanWriter, "write">;
  /** The transport takes it as it is for each call, so that a new token is for the next one. */
  readonly #metadata = new Metadata();
  #delegate: Delegate;
  #tlsVersion = 0;
  /** Of the answer that the delegate reads just now; it calls back before it reads another one. */
  #response = NOTHING_REJECTED;

  constructor(options: ReceiverOptions, writer: Pick<SpanWriter, "write">) {
    super(options);
    this.#options = options;
    this.#writer = writer;
    for (const [name, value] of Object.entries(options.headers)) this.#metadata.set(name, value);
    this.#delegate = this.#createDelegate();
  }

  #createDelegate(): Delegate {
    const { url, tls, compression, timeoutMs, batchesInFlightMax, userAgent } = this.#options;
    const credentials = channelCredentials(url, tls);
    this.#tlsVersion = tls?.version ?? 0;
    const serializer = {
      serializeRequest: (request: Uint8Array) => request,
      deserializeResponse: (bytes: Uint8Array) => this.#response = readTraceResponse(bytes),
    };
    type Options = Parameters<typeof createOtlpGrpcExportDelegate>[0];
    const options: Options = {
      url: url.host,
      metadata: () => this.#metadata,
      credentials: () => credentials,
      compression: compression as Options["compression"],
      timeoutMillis: timeoutMs,
      // its place is free only after our callback returned
      concurrencyLimit: batchesInFlightMax * 2,
      userAgent,
    };
    // the library's own figures go nowhere: the books are ours
    const figures = { name: "span", countItems: () => 0 } as const;
    return createOtlpGrpcExportDelegate(
      options,
      serializer,
      "otlp_grpc_span_exporter",
      figures,
      undefined,
      SERVICE,
      PATH,
    );
  }

  override send(batch: RecordBatch): Promise<Answer> {
    const request = this.measured(batch, this.#writer.write(batch.bytes));
    if (!request) return Promise.resolve(TOO_LARGE);
    let authorization: string | undefined;
    try {
      authorization = this.authorization();
      if (authorization !== undefined) this.#metadata.set("authorization", authorization);
      this.#takeNewCertificates();
    } catch (error) {
      // a certificate whose key is not there yet, a token that no header can carry: soon there are others
      return Promise.resolve({ outcome: "retry", detail: (error as Error).message });
    }
    this.#response = NOTHING_REJECTED;
    return new Promise((resolve) => {
      this.#delegate.export(request, ({ code, error }) => {
        resolve(code === SUCCESS ? this.#delivered(batch.count) : this.#refused(error, authorization));
      });
    });
  }

  /** A channel keeps its certificates: new ones need a new channel. The old one ends with its calls. */
  #takeNewCertificates(): void {
    const { tls } = this.#options;
    if (!tls) return;
    tls.material();
    if (tls.version === this.#tlsVersion) return;
    const next = this.#createDelegate();
    void this.#delegate.shutdown();
    this.#delegate = next;
  }

  #delivered(count: number): Answer {
    const response = this.#response;
    this.#response = NOTHING_REJECTED;
    return answerTo(response, count);
  }

  #refused(error: (Error & Partial<ServiceError>) | undefined, authorization: string | undefined): Answer {
    // without a code it is the transport that speaks: nothing was sent
    if (error?.code === undefined) return { outcome: "retry", detail: error?.message ?? "no reason given" };
    const status = { code: error.code, message: error.details ?? "", details: detailsOf(error.metadata) };
    return answerToStatus(status, (...why) => this.unauthorized(authorization, ...why));
  }

  override close(): void {
    // it waits for answers first, and nobody waits for those any more
    void this.#delegate.shutdown();
  }
}

function detailsOf(trailers: Metadata | undefined): Uint8Array | undefined {
  const [details] = trailers?.get(STATUS_DETAILS) ?? [];
  return typeof details === "string" ? undefined : details;
}

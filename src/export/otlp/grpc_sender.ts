/**
 * OTLP over gRPC (OTLP 1.9, "OTLP/gRPC"; gRPC over HTTP/2) by Deno's own fetch. OpenTelemetry's library goes by
 * node:http2, which in Deno 2.9 ends the whole process when a receiver says goodbye (GOAWAY) at the wrong moment.
 *
 * fetch shows no trailers. Unary calls need none: a server that fails answers by headers alone (Trailers-Only), and one
 * that succeeds sends exactly one message.
 */
import { gunzipSync } from "node:zlib";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { answerToStatus, codeOfHttp, type GrpcStatus } from "./grpc_status.ts";
import { ANSWER_BYTES_MAX, type HttpAnswer, type HttpTransport } from "./http_transport.ts";
import { answerTo } from "./otlp_sender.ts";
import { gzipped, PostingSender } from "./posting_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { readTraceResponse } from "./response.ts";
import { FRAME_BYTES, type SpanWriter } from "./span_writer.ts";

const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const MESSAGE_MAX = 200;
const HTTP_OK = 200;
const COMPRESSED = 1;

/** Where a receiver's calls go, whatever path its URL has. */
export function grpcUrl(url: URL): URL {
  return new URL(PATH, url.origin);
}

export class GrpcSender extends PostingSender {
  readonly #writer: Pick<SpanWriter, "writeFramed">;

  /** transport: to grpcUrl(), over HTTP/2. */
  constructor(options: ReceiverOptions, transport: HttpTransport, writer: Pick<SpanWriter, "writeFramed">) {
    super(options, transport, {
      "content-type": "application/grpc+proto",
      "te": "trailers",
      "grpc-timeout": `${options.timeoutMs}m`,
      ...(options.compression === "gzip" ? { "grpc-encoding": "gzip" } : {}),
    });
    this.#writer = writer;
  }

  protected override encode(batch: RecordBatch): Uint8Array<ArrayBuffer> | undefined {
    return this.#writer.writeFramed(batch.bytes);
  }

  /** The same message compressed, in a frame that says so. */
  protected override async compressed(framed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const message = await gzipped(framed.slice(FRAME_BYTES));
    const frame = new Uint8Array(FRAME_BYTES + message.length);
    frame[0] = COMPRESSED;
    new DataView(frame.buffer).setUint32(1, message.length);
    frame.set(message, FRAME_BYTES);
    return frame;
  }

  protected override meaning(answer: HttpAnswer, count: number, authorization: string | undefined): Answer {
    const status = statusOf(answer);
    if (status) return answerToStatus(status, (...why) => this.unauthorized(authorization, ...why));
    return answerTo(readTraceResponse(messageOf(answer.body)), count);
  }
}

/** Why the call failed; undefined: it did not. */
function statusOf({ status, header }: HttpAnswer): GrpcStatus | undefined {
  const code = header("grpc-status");
  if (status !== HTTP_OK) return { code: codeOfHttp(status), message: `HTTP ${status}`, details: undefined };
  if (code !== null && code !== "0") {
    return { code: Number(code), message: decoded(header("grpc-message")), details: detailsOf(header) };
  }
  return undefined;
}

/** The message in a frame. Servers compress theirs as the request was. Throws where it is not whole. */
function messageOf(body: Uint8Array): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const length = body.length < FRAME_BYTES ? Infinity : view.getUint32(1);
  if (body.length - FRAME_BYTES < length) throw new Error("the answer broke off");
  const message = body.subarray(FRAME_BYTES, FRAME_BYTES + length);
  return body[0] === COMPRESSED ? gunzipSync(message, { maxOutputLength: ANSWER_BYTES_MAX }) : message;
}

/** grpc-message is percent-encoded. */
function decoded(message: string | null): string {
  const text = (message ?? "").slice(0, MESSAGE_MAX);
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // cut in the middle of a character, or never encoded
  }
}

function detailsOf(header: HttpAnswer["header"]): Uint8Array | undefined {
  const text = header("grpc-status-details-bin");
  if (text === null) return undefined;
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined; // no base64: it says nothing
  }
}

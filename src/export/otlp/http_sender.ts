/**
 * OTLP over HTTP (OTLP 1.9, "OTLP/HTTP"): POST, an answer that may reject part of it, and codes that ask for another
 * try. How a batch becomes a body, and an answer's meaning, are the encoding's.
 */
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import type { HttpAnswer, HttpTransport } from "./http_transport.ts";
import { answerTo } from "./otlp_sender.ts";
import { gzipped, PostingSender } from "./posting_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { TraceResponse } from "./response.ts";

/** A batch as bytes, and what bytes say. */
export interface Encoding {
  readonly contentType: string;
  /** Valid until the next call; undefined where the batch is too large for one request. */
  encode(batch: RecordBatch): Uint8Array<ArrayBuffer> | undefined;
  readResponse(body: Uint8Array): TraceResponse;
  /** An error's text. */
  readError(body: Uint8Array): string;
}

const OK_LEAST = 200;
const OK_MOST = 299;
const PAYLOAD_TOO_LARGE = 413;
const UNAUTHORIZED = new Set([401, 403]);
const RETRYABLE = new Set([429, 502, 503, 504]);
const ERROR_TEXT_MAX = 200;
const SECOND_MS = 1_000;

export class HttpSender extends PostingSender {
  readonly #encoding: Encoding;

  constructor(options: ReceiverOptions, transport: HttpTransport, encoding: Encoding) {
    super(options, transport, {
      "content-type": encoding.contentType,
      ...(options.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
    });
    this.#encoding = encoding;
  }

  protected override encode(batch: RecordBatch): Uint8Array<ArrayBuffer> | undefined {
    return this.#encoding.encode(batch);
  }

  protected override async compressed(request: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return await gzipped(request.slice());
  }

  protected override meaning(
    { status, header, body }: HttpAnswer,
    count: number,
    authorization: string | undefined,
  ): Answer {
    if (status >= OK_LEAST && status <= OK_MOST) return answerTo(this.#encoding.readResponse(body), count);
    const isOwn = header("content-type")?.startsWith(this.#encoding.contentType);
    const said = isOwn ? this.#encoding.readError(body) : new TextDecoder().decode(body);
    const detail = `HTTP ${status} ${said.slice(0, ERROR_TEXT_MAX).trim()}`.trim();
    if (status === PAYLOAD_TOO_LARGE) return { outcome: "too_large", detail };
    if (UNAUTHORIZED.has(status)) return this.unauthorized(authorization, `http_${status}`, detail);
    if (!RETRYABLE.has(status)) return { outcome: "rejected", reason: `http_${status}`, detail };
    return { outcome: "retry", detail, afterMs: retryAfterMs(header("retry-after")) };
  }
}

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMs(value: string | null, nowMs = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * SECOND_MS;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

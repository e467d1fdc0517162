/**
 * OTLP over HTTP (OTLP 1.9, "OTLP/HTTP"): POST, an answer that may reject part of it, and codes that ask for another
 * try. How a batch becomes a body, and an answer's meaning, are the encoding's.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { reasonOf } from "./failure.ts";
import type { HttpAnswer, HttpTransport } from "./http_transport.ts";
import { answerTo, OtlpSender, TOO_LARGE } from "./otlp_sender.ts";
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
/** Fast: what is left is mostly keys that repeat. */
const GZIP_LEVEL = 1;
const ERROR_TEXT_MAX = 200;
const SECOND_MS = 1_000;

const compress = promisify(gzip);

export class HttpSender extends OtlpSender {
  readonly #options: ReceiverOptions;
  readonly #transport: HttpTransport;
  readonly #encoding: Encoding;
  readonly #headers: Record<string, string>;

  constructor(options: ReceiverOptions, transport: HttpTransport, encoding: Encoding) {
    super(options);
    this.#options = options;
    this.#transport = transport;
    this.#encoding = encoding;
    this.#headers = {
      ...options.headers,
      "content-type": encoding.contentType,
      "user-agent": options.userAgent,
      ...(options.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
    };
  }

  override async send(batch: RecordBatch, signal: AbortSignal): Promise<Answer> {
    const { compression, timeoutMs } = this.#options;
    const request = this.measured(batch, this.#encoding.encode(batch));
    if (!request) return TOO_LARGE;
    try {
      const authorization = this.authorization();
      // compressed on another thread, while this one may write the next request
      const body = compression === "gzip" ? await compress(request.slice(), { level: GZIP_LEVEL }) : request;
      const answer = await this.#transport.post(
        body as Uint8Array<ArrayBuffer>,
        authorization === undefined ? this.#headers : { ...this.#headers, authorization },
        AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      );
      return this.#meaning(answer, batch.count, authorization);
    } catch (error) {
      return { outcome: "retry", detail: reasonOf(error) };
    }
  }

  #meaning({ status, header, body }: HttpAnswer, count: number, authorization: string | undefined): Answer {
    if (status >= OK_LEAST && status <= OK_MOST) return answerTo(this.#encoding.readResponse(body), count);
    const isOwn = header("content-type")?.startsWith(this.#encoding.contentType);
    const said = isOwn ? this.#encoding.readError(body) : new TextDecoder().decode(body);
    const detail = `HTTP ${status} ${said.slice(0, ERROR_TEXT_MAX).trim()}`.trim();
    if (status === PAYLOAD_TOO_LARGE) return { outcome: "too_large", detail };
    if (UNAUTHORIZED.has(status)) return this.unauthorized(authorization, `http_${status}`, detail);
    if (!RETRYABLE.has(status)) return { outcome: "rejected", reason: `http_${status}`, detail };
    return { outcome: "retry", detail, afterMs: retryAfterMs(header("retry-after")) };
  }

  override close(): void {
    this.#transport.close();
  }
}

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMs(value: string | null, nowMs = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * SECOND_MS;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

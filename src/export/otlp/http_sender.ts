/**
 * OTLP over HTTP with protocol buffers, by Deno's own fetch (OTLP 1.9, "OTLP/HTTP"): POST, an answer that may reject
 * part of it, and codes that ask for another try.
 */
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { answerTo, OtlpSender } from "./otlp_sender.ts";
import { readTraceResponse } from "./response.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { RequestHead } from "./request.ts";
import type { SpanWriter } from "./span_writer.ts";

const RETRYABLE = new Set([429, 502, 503, 504]);
/** Fast: what is left is mostly keys that repeat. */
const GZIP_LEVEL = 1;
const ERROR_TEXT_MAX = 200;
const SECOND_MS = 1_000;

const compress = promisify(gzip);

export class HttpSender extends OtlpSender {
  readonly #options: ReceiverOptions;
  readonly #headers: Record<string, string>;

  constructor(options: ReceiverOptions, writer: SpanWriter, head: RequestHead) {
    super(options, writer, head);
    this.#options = options;
    this.#headers = {
      "content-type": "application/x-protobuf",
      ...(options.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
      ...options.headers,
    };
  }

  override async send(batch: RecordBatch, signal: AbortSignal): Promise<Answer> {
    const { url, compression, timeoutMs } = this.#options;
    const request = this.request(batch);
    try {
      const body = compression === "gzip" ? await compress(request, { level: GZIP_LEVEL }) : request;
      const response = await fetch(url, {
        method: "POST",
        headers: this.#headers,
        body: body as Uint8Array<ArrayBuffer>,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return await answerOf(response, batch.count);
    } catch (error) {
      return { outcome: "retry", detail: textOf(error) };
    }
  }

  override close(): void {}
}

async function answerOf(response: Response, count: number): Promise<Answer> {
  const { status } = response;
  if (response.ok) {
    return answerTo(readTraceResponse(new Uint8Array(await response.arrayBuffer())), count);
  }
  const detail = `HTTP ${status} ${(await response.text()).slice(0, ERROR_TEXT_MAX).trim()}`.trim();
  if (!RETRYABLE.has(status)) return { outcome: "rejected", reason: `http_${status}`, detail };
  const afterMs = retryAfterMs(response.headers.get("retry-after"));
  return { outcome: "retry", detail, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMs(value: string | null, nowMs = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * SECOND_MS;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function textOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "no answer in time";
  return error instanceof Error ? error.message : String(error);
}

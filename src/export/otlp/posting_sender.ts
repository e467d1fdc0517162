/** A sender that posts requests: what it is over HTTP and over gRPC. How a batch becomes a body differs. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import type { HttpAnswer, HttpTransport } from "./http_transport.ts";
import { OtlpSender, TOO_LARGE } from "./otlp_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Fast: what is left is mostly keys that repeat. */
const GZIP_LEVEL = 1;

const compress = promisify(gzip);

/** On another thread, while this one may write the next request: the bytes have to stay as they are. */
export async function gzipped(bytes: Bytes): Promise<Bytes> {
  return await compress(bytes, { level: GZIP_LEVEL }) as Bytes;
}

export abstract class PostingSender extends OtlpSender {
  readonly #options: ReceiverOptions;
  readonly #transport: HttpTransport;
  readonly #headers: Record<string, string>;

  /** headers: beside the receiver's own, and more than they. */
  constructor(options: ReceiverOptions, transport: HttpTransport, headers: Record<string, string>) {
    super(options);
    this.#options = options;
    this.#transport = transport;
    this.#headers = { ...options.headers, "user-agent": options.userAgent, ...headers };
  }

  /** Valid until the next call; undefined where the batch is too large for one request. */
  protected abstract encode(batch: RecordBatch): Bytes | undefined;

  /** A request as it is compressed. */
  protected abstract compressed(request: Bytes): Promise<Bytes>;

  /** authorization: what the request had. Throws where the answer is none. */
  protected abstract meaning(answer: HttpAnswer, count: number, authorization: string | undefined): Answer;

  override async send(batch: RecordBatch, signal: AbortSignal): Promise<Answer> {
    const { compression, timeoutMs } = this.#options;
    const request = this.measured(batch, this.encode(batch));
    if (!request) return TOO_LARGE;
    try {
      const authorization = this.authorization();
      const answer = await this.#transport.post(
        compression === "gzip" ? await this.compressed(request) : request,
        authorization === undefined ? this.#headers : { ...this.#headers, authorization },
        AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      );
      return this.meaning(answer, batch.count, authorization);
    } catch (error) {
      return { outcome: "retry", detail: reasonOf(error) };
    }
  }

  override close(): void {
    this.#transport.close();
  }
}

/** Why a request got no answer, for people. fetch keeps it in the error behind its own. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "no answer in time";
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

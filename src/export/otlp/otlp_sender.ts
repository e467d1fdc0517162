/** What senders of OTLP have in common, whatever carries the request. */
import { OTLP_REQUEST_BYTES_MAX } from "../../limits.ts";
import type { RecordBatch } from "../record_queue.ts";
import type { Answer, Sender } from "../sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { RequestSize } from "./request_size.ts";
import type { TraceResponse } from "./response.ts";

export abstract class OtlpSender implements Sender {
  readonly name: string;
  readonly lingerMs: number;
  readonly batchesInFlightMax: number;
  readonly isOver = false;
  readonly #options: ReceiverOptions;
  readonly #size: RequestSize;

  constructor(options: ReceiverOptions) {
    this.name = options.name;
    this.#size = new RequestSize(options.batchRecordsMax, OTLP_REQUEST_BYTES_MAX);
    this.lingerMs = options.lingerMs;
    this.batchesInFlightMax = options.batchesInFlightMax;
    this.#options = options;
  }

  get batchRecordsMax(): number {
    return this.#size.records;
  }

  get batchRecordsWanted(): number {
    return Math.min(this.#options.batchRecordsWanted, this.#size.records);
  }

  /** The batch as encoded, if it fits one request, and what that says of the next ones. */
  protected measured<T extends { length: number }>(batch: RecordBatch, request: T | undefined): T | undefined {
    if (request) this.#size.learn(batch.count, request.length);
    else this.#size.learnTooLarge(batch.count);
    return request;
  }

  abstract send(batch: RecordBatch, signal: AbortSignal): Promise<Answer>;
  abstract close(): void;

  /** The Authorization header's value now. Throws UsageError where no header can carry it. */
  protected authorization(): string | undefined {
    return this.#options.credentials?.header();
  }

  /**
   * What it means that a request with this authorization was refused as nobody's: a token that was replaced meanwhile
   * deserves a try.
   */
  protected unauthorized(used: string | undefined, reason: string, detail: string): Answer {
    if (this.#isReplaced(used)) return { outcome: "retry", detail, afterMs: 0 };
    return { outcome: "rejected", reason, detail };
  }

  #isReplaced(used: string | undefined): boolean {
    try {
      return this.authorization() !== used;
    } catch {
      return true; // the next try says why it cannot be used
    }
  }
}

/** A batch that does not fit one request. */
export const TOO_LARGE: Answer = { outcome: "too_large", detail: "the request would be larger than receivers take" };

/** What a response to a batch of `count` spans means. */
export function answerTo({ rejectedSpans, errorMessage }: TraceResponse, count: number): Answer {
  if (!rejectedSpans) return { outcome: "delivered" };
  return {
    outcome: "partly_rejected",
    count: Math.min(count, rejectedSpans),
    reason: "rejected_partly",
    detail: errorMessage || "the receiver does not say why",
  };
}

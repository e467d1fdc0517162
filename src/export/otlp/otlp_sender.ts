/** What senders of OTLP have in common, whatever carries the request. */
import type { RecordBatch } from "../record_queue.ts";
import type { Answer, Sender } from "../sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { RequestHead } from "./request.ts";
import type { TraceResponse } from "./response.ts";
import type { SpanWriter } from "./span_writer.ts";

export abstract class OtlpSender implements Sender {
  readonly name: string;
  readonly batchRecordsMax: number;
  readonly lingerMs: number;
  readonly batchesInFlightMax: number;
  readonly isOver = false;
  readonly #writer: SpanWriter;
  readonly #head: RequestHead;

  constructor(options: ReceiverOptions, writer: SpanWriter, head: RequestHead) {
    this.name = options.name;
    this.batchRecordsMax = options.batchRecordsMax;
    this.lingerMs = options.lingerMs;
    this.batchesInFlightMax = options.batchesInFlightMax;
    this.#writer = writer;
    this.#head = head;
  }

  /** The batch as an ExportTraceServiceRequest. */
  protected request(batch: RecordBatch): Uint8Array<ArrayBuffer> {
    return this.#head.around(this.#writer.write(batch.bytes));
  }

  abstract send(batch: RecordBatch, signal: AbortSignal): Promise<Answer>;
  abstract close(): void;
}

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

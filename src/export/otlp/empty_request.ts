/** A request without a span in it. What becomes of it is what would become of spans: the same sender sends it. */
import type { RecordBatch } from "../record_queue.ts";
import type { Answer } from "../sender.ts";
import { createSender, type RequestWriters } from "./create_sender.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { readJsonTraceResponse } from "./response.ts";
import { FRAME_BYTES } from "./span_writer.ts";

/** An ExportTraceServiceRequest (OTLP 1.9) of nothing. */
const NOTHING: RequestWriters = {
  protobuf: () => ({ write: () => new Uint8Array(), writeFramed: () => new Uint8Array(FRAME_BYTES) }),
  json() {
    const decoder = new TextDecoder();
    return Promise.resolve({
      contentType: "application/json",
      encode: () => new TextEncoder().encode('{"resourceSpans":[]}'),
      readResponse: (body: Uint8Array) => readJsonTraceResponse(decoder.decode(body)),
      readError: (body: Uint8Array) => decoder.decode(body),
    });
  },
};

const NO_RECORDS: RecordBatch = {
  count: 0,
  bytes: new Uint8Array(),
  record: noRecord,
  split: noRecord,
};

function noRecord(): never {
  throw new RangeError("No record is in it");
}

/** Sends it, once. Never rejects. */
export async function sendEmptyRequest(options: ReceiverOptions, signal: AbortSignal): Promise<Answer> {
  const sender = await createSender(options, NOTHING);
  try {
    return await sender.send(NO_RECORDS, signal);
  } finally {
    await sender.close();
  }
}

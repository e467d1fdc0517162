/** OTLP in protocol buffers. */
import type { RecordBatch } from "../record_queue.ts";
import type { Encoding } from "./http_sender.ts";
import { readTraceResponse, statusMessage } from "./response.ts";
import type { SpanWriter } from "./span_writer.ts";

export function protobufEncoding(writer: Pick<SpanWriter, "write">): Encoding {
  return {
    contentType: "application/x-protobuf",
    encode: (batch: RecordBatch) => writer.write(batch.bytes),
    readResponse: readTraceResponse,
    readError: statusMessage,
  };
}

/** A request without a span in it. What becomes of it is what would become of spans: the same sender sends it. */
import type { RecordBatch } from "../record_queue.ts";
import type { Answer, Sender } from "../sender.ts";
import { HttpSender } from "./http_sender.ts";
import { createTransport, tracesUrl } from "./otlp_exporter.ts";
import { protobufEncoding } from "./protobuf_encoding.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { readJsonTraceResponse } from "./response.ts";

/** An ExportTraceServiceRequest (OTLP 1.9) of nothing. */
const NOTHING = { write: () => new Uint8Array() };
const NOTHING_IN_JSON = new TextEncoder().encode('{"resourceSpans":[]}');

/** Sends it, once. Never rejects. */
export async function sendEmptyRequest(options: ReceiverOptions, signal: AbortSignal): Promise<Answer> {
  const sender = await createSender(options);
  try {
    return await sender.send({ count: 0, bytes: new Uint8Array() } as unknown as RecordBatch, signal);
  } finally {
    await sender.close();
  }
}

async function createSender(options: ReceiverOptions): Promise<Sender> {
  if (options.protocol === "grpc") {
    const { GrpcSender } = await import("./grpc_sender.ts");
    return new GrpcSender(options, NOTHING);
  }
  const receiver = { ...options, url: tracesUrl(options.url) };
  const binary = protobufEncoding(NOTHING);
  const decoder = new TextDecoder();
  const encoding = options.protocol === "http_binary" ? binary : {
    contentType: "application/json",
    encode: () => NOTHING_IN_JSON,
    readResponse: (body: Uint8Array) => readJsonTraceResponse(decoder.decode(body)),
    readError: (body: Uint8Array) => decoder.decode(body),
  };
  return new HttpSender(receiver, await createTransport(receiver), encoding);
}

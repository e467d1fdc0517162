/** A receiver of OTLP traces that answers as a test tells it, over HTTP or gRPC. */
import { Buffer } from "node:buffer";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { OtlpProtocol } from "../../src/export/mod.ts";
import { type DecodedRequest, decodeJsonRequest, decodeRequest } from "./otlp_decoder.ts";

/**
 * "ok", a share of rejected spans, refusals of every kind, a refusal of more spans than so many, or no answer at all.
 * busy: with the delay after which it may be tried again. exhausted: without.
 */
export type Reply =
  | "ok"
  | { rejectedSpans: number }
  | { busyMs: number }
  | { mostSpans: number }
  | "exhausted"
  | "refused"
  | "unauthorized"
  | "silence";

export interface OtlpReceiver extends AsyncDisposable {
  url: URL;
  requests: DecodedRequest[];
  /** Headers of each request, in small letters, with its path. */
  headers: Array<Record<string, string>>;
}

/** Replies one after the other, the last one for ever. */
export async function openReceiver(protocol: OtlpProtocol, replies: Reply[]): Promise<OtlpReceiver> {
  const rest = [...replies];
  const next = () => rest.length > 1 ? rest.shift()! : rest[0]!;
  return protocol === "grpc" ? await openGrpc(next) : openHttp(next);
}

const WHY = "why";

/** ExportTraceServiceResponse with a partial success. */
function response(rejectedSpans: number): Uint8Array<ArrayBuffer> {
  if (!rejectedSpans) return new Uint8Array();
  return new Uint8Array([0x0a, 2 + 5, 0x08, rejectedSpans, 0x12, 3, ...new TextEncoder().encode(WHY)]);
}

function jsonResponse(rejectedSpans: number): string {
  return JSON.stringify(
    rejectedSpans ? { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage: WHY } } : {},
  );
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function readHttp(request: Request): Promise<DecodedRequest> {
  const sent = new Uint8Array(await request.arrayBuffer());
  const body = request.headers.get("content-encoding") === "gzip" ? await gunzip(sent) : sent;
  switch (request.headers.get("content-type")) {
    case "application/x-protobuf":
      return decodeRequest(body);
    case "application/json":
      return decodeJsonRequest(new TextDecoder().decode(body));
  }
  throw new Error(`content type ${request.headers.get("content-type")}`);
}

function openHttp(next: () => Reply): OtlpReceiver {
  const silent = Promise.withResolvers<Response>();
  // what cannot be read is nobody's any more, or is refused
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  };
  const server = Deno.serve(options, async (request) => {
    const decoded = await readHttp(request);
    receiver.headers.push({ ...Object.fromEntries(request.headers), path: new URL(request.url).pathname });
    const reply = next();
    if (reply === "silence") return await silent.promise;
    if (reply === "refused") return new Response("no", { status: 400 });
    if (reply === "unauthorized") return new Response("who?", { status: 401 });
    if (reply === "exhausted") return new Response("full", { status: 507 });
    if (reply !== "ok" && "busyMs" in reply) {
      return new Response("later", {
        status: 503,
        headers: { "retry-after": String(Math.ceil(reply.busyMs / 1_000)) },
      });
    }
    if (reply !== "ok" && "mostSpans" in reply && decoded.spans.length > reply.mostSpans) {
      return new Response("too much", { status: 413 });
    }
    receiver.requests.push(decoded);
    const rejected = reply !== "ok" && "rejectedSpans" in reply ? reply.rejectedSpans : 0;
    const type = request.headers.get("content-type")!;
    return new Response(type === "application/json" ? jsonResponse(rejected) : response(rejected), {
      headers: { "content-type": type },
    });
  });
  const receiver: OtlpReceiver = {
    url: new URL(`http://127.0.0.1:${server.addr.port}`),
    requests: [],
    headers: [],
    async [Symbol.asyncDispose]() {
      silent.resolve(new Response(null, { status: 503 }));
      await server.shutdown();
    },
  };
  return receiver;
}

const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** google.rpc.Status with a RetryInfo, as a call's trailers. */
function retryInfo(delayMs: number): Metadata {
  const message = (number: number, content: Uint8Array | number[]) => [number << 3 | 2, content.length, ...content];
  const varint = (value: number): number[] => value < 128 ? [value] : [value % 128 | 128, ...varint(value >> 7)];
  const duration = [0x08, Math.floor(delayMs / 1_000), 0x10, ...varint(delayMs % 1_000 * 1_000_000)];
  const any = [
    ...message(1, new TextEncoder().encode("type.googleapis.com/google.rpc.RetryInfo")),
    ...message(2, message(1, duration)),
  ];
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from([0x08, 14, ...message(3, any)]));
  return metadata;
}

// deno-lint-ignore no-explicit-any
type Answer = (error: any, value?: Uint8Array) => void;

function answerGrpc(reply: Reply, decoded: DecodedRequest, receiver: OtlpReceiver, answer: Answer): void {
  if (reply === "silence") return;
  if (reply === "refused") return answer({ code: status.INVALID_ARGUMENT, details: "no" });
  if (reply === "unauthorized") return answer({ code: status.UNAUTHENTICATED, details: "who?" });
  if (reply === "exhausted") return answer({ code: status.RESOURCE_EXHAUSTED, details: "full" });
  if (reply !== "ok" && "busyMs" in reply) {
    return answer({ code: status.RESOURCE_EXHAUSTED, details: "later", metadata: retryInfo(reply.busyMs) });
  }
  if (reply !== "ok" && "mostSpans" in reply && decoded.spans.length > reply.mostSpans) {
    return answer({ code: status.RESOURCE_EXHAUSTED, details: "Received message larger than max (9 vs. 4)" });
  }
  receiver.requests.push(decoded);
  answer(null, response(reply !== "ok" && "rejectedSpans" in reply ? reply.rejectedSpans : 0));
}

async function openGrpc(next: () => Reply): Promise<OtlpReceiver> {
  const server = new Server();
  const bytes = (buffer: Uint8Array) => Buffer.from(buffer);
  server.addService({
    export: {
      path: PATH,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: (buffer: Uint8Array) => buffer,
      responseSerialize: bytes,
      responseDeserialize: (buffer: Uint8Array) => buffer,
    },
  }, {
    // deno-lint-ignore no-explicit-any
    export(call: any, answer: any) {
      receiver.headers.push({ ...call.metadata.getMap(), path: PATH });
      answerGrpc(next(), decodeRequest(new Uint8Array(call.request)), receiver, answer);
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, port) => error ? reject(error) : resolve(port),
    )
  );
  const receiver: OtlpReceiver = {
    url: new URL(`http://127.0.0.1:${port}`),
    requests: [],
    headers: [],
    [Symbol.asyncDispose]() {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
  return receiver;
}

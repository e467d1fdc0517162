/** A receiver of OTLP traces that answers as a test tells it, over HTTP or gRPC. */
import { Buffer } from "node:buffer";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { OtlpProtocol } from "../../src/export/mod.ts";
import { type DecodedRequest, decodeRequest } from "./otlp_decoder.ts";

/** "ok", a share of rejected spans, a temporary or a lasting refusal, or no answer at all. */
export type Reply = "ok" | { rejectedSpans: number } | "busy" | "refused" | "silence";

export interface OtlpReceiver extends AsyncDisposable {
  url: URL;
  requests: DecodedRequest[];
  /** Headers of the last request, in small letters. */
  headers: Record<string, string>;
}

/** Replies one after the other, the last one for ever. */
export async function openReceiver(protocol: OtlpProtocol, replies: Reply[]): Promise<OtlpReceiver> {
  const rest = [...replies];
  const next = () => rest.length > 1 ? rest.shift()! : rest[0]!;
  return protocol === "grpc" ? await openGrpc(next) : openHttp(next);
}

/** ExportTraceServiceResponse with a partial success. */
function response(reply: Reply): Uint8Array<ArrayBuffer> {
  if (typeof reply === "string") return new Uint8Array();
  return new Uint8Array([0x0a, 2 + 5, 0x08, reply.rejectedSpans, 0x12, 3, ...new TextEncoder().encode("why")]);
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function openHttp(next: () => Reply): OtlpReceiver {
  const silent = Promise.withResolvers<Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    receiver.headers = { ...Object.fromEntries(request.headers), path: new URL(request.url).pathname };
    const reply = next();
    if (reply === "silence") return await silent.promise;
    if (reply === "busy") return new Response("later", { status: 503, headers: { "retry-after": "0" } });
    if (reply === "refused") return new Response("no", { status: 400 });
    const isZipped = request.headers.get("content-encoding") === "gzip";
    receiver.requests.push(decodeRequest(isZipped ? await gunzip(body) : body));
    return new Response(response(reply), { headers: { "content-type": "application/x-protobuf" } });
  });
  const receiver: OtlpReceiver = {
    url: new URL(`http://127.0.0.1:${server.addr.port}`),
    requests: [],
    headers: {},
    async [Symbol.asyncDispose]() {
      silent.resolve(new Response(null, { status: 503 }));
      await server.shutdown();
    },
  };
  return receiver;
}

const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

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
      receiver.headers = { ...call.metadata.getMap(), path: PATH };
      const reply = next();
      if (reply === "silence") return;
      if (reply === "busy") return answer({ code: status.UNAVAILABLE, details: "later", metadata: new Metadata() });
      if (reply === "refused") return answer({ code: status.INVALID_ARGUMENT, details: "no" });
      receiver.requests.push(decodeRequest(new Uint8Array(call.request)));
      answer(null, response(reply));
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
    headers: {},
    [Symbol.asyncDispose]() {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
  return receiver;
}

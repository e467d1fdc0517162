/** The sender for a protocol and a receiver. Libraries are loaded only for what is asked for: they cost memory. */
import type { Sender } from "../sender.ts";
import type { Encoding } from "./http_sender.ts";
import { FetchTransport } from "./fetch_transport.ts";
import { GrpcSender, grpcUrl } from "./grpc_sender.ts";
import { HttpSender } from "./http_sender.ts";
import { protobufEncoding } from "./protobuf_encoding.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { SpanWriter } from "./span_writer.ts";

/** What writes a batch as a request, in either form. */
export interface RequestWriters {
  protobuf(): Pick<SpanWriter, "write" | "writeFramed">;
  json(): Promise<Encoding>;
}

export async function createSender(options: ReceiverOptions, writers: RequestWriters): Promise<Sender> {
  const { protocol, tls } = options;
  const isUnverified = tls?.insecureSkipVerify && options.url.protocol === "https:";
  if (protocol === "grpc") return await createGrpcSender(options, writers, isUnverified ?? false);
  const url = tracesUrl(options.url);
  const transport = isUnverified
    ? new (await import("./unverified_transport.ts")).UnverifiedTransport(url, tls)
    : new FetchTransport(url, { tls });
  const encoding = protocol === "http_binary" ? protobufEncoding(writers.protobuf()) : await writers.json();
  return new HttpSender({ ...options, url }, transport, encoding);
}

async function createGrpcSender(
  options: ReceiverOptions,
  writers: RequestWriters,
  isUnverified: boolean,
): Promise<Sender> {
  if (isUnverified) {
    const { UnverifiedGrpcSender } = await import("./unverified_grpc_sender.ts");
    return new UnverifiedGrpcSender(options, writers.protobuf());
  }
  const transport = new FetchTransport(grpcUrl(options.url), { tls: options.tls, isHttp2: true });
  return new GrpcSender(options, transport, writers.protobuf());
}

/** A bare URL names the receiver, and spans go to its /v1/traces; any path is taken as it is. */
export function tracesUrl(url: URL): URL {
  return url.pathname === "/" ? new URL("/v1/traces", url) : url;
}

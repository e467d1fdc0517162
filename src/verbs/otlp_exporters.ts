/** Exporters to the OTLP receivers that settings name. */
import { spanModule } from "../artifacts.ts";
import { plainReason, UsageError } from "../errors.ts";
import type { Exporter, OtlpProtocol, SpanContext } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { OTLP_BATCH_RECORDS } from "../limits.ts";
import { type OtlpReceiver, receiverUrl } from "../settings/mod.ts";
import { VERSION } from "../version.ts";

const PROTOCOLS: Record<string, OtlpProtocol> = {
  grpc: "grpc",
  http_binary: "http_binary",
  "http/protobuf": "http_binary",
};

/** Throws UsageError for a file with a secret that cannot be read. */
export async function otlpExporters(
  receivers: readonly OtlpReceiver[],
  contextOf: (record: FlowRecord) => SpanContext,
  interfaceOf: SpanContext["interfaceOf"],
): Promise<Exporter[]> {
  if (!receivers.length) return [];
  // loaded only here: it costs memory
  const { createOtlpExporter } = await import("../export/otlp/otlp_exporter.ts");
  const { hostResource } = await import("../export/otlp/resource.ts");
  const module = spanModule();
  return await Promise.all(receivers.map(async (receiver) =>
    await createOtlpExporter({
      name: receiver.name ?? "otlp",
      url: receiverUrl(receiver),
      protocol: PROTOCOLS[receiver.protocol]!,
      headers: { ...receiver.headers, ...await authHeader(receiver) },
      compression: receiver.compression,
      timeoutMs: receiver.timeout,
      batchRecordsMax: Math.min(receiver.max_batch_size, OTLP_BATCH_RECORDS),
      lingerMs: receiver.max_batch_interval,
      batchesInFlightMax: receiver.max_concurrent_exports,
      queueRecordsMax: receiver.max_queue_size,
      resource: { ...hostResource(VERSION), ...receiver.resource_attributes },
      scope: { name: "weir", version: VERSION },
      module,
      kindOf: (record) => contextOf(record).kind,
      interfaceOf,
    })
  ));
}

/** Who asks, as HTTP says it (RFC 7617, RFC 6750). */
export async function authHeader({ auth, name }: OtlpReceiver): Promise<Record<string, string>> {
  const { basic, bearer, bearer_file } = auth;
  const secret = async (path: string) => await readSecret(path, name ?? "otlp");
  if (basic) {
    const pass = basic.pass ?? await secret(basic.pass_file!);
    return { authorization: `Basic ${new TextEncoder().encode(`${basic.user}:${pass}`).toBase64()}` };
  }
  const token = bearer ?? (bearer_file === undefined ? undefined : await secret(bearer_file));
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function readSecret(path: string, receiver: string): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).trimEnd();
  } catch (cause) {
    throw new UsageError(`Cannot read ${path}, a secret of the receiver ${receiver}: ${plainReason(cause)}`, { cause });
  }
}

/** Exporters to the OTLP receivers that settings name. */
import { spanModule } from "../artifacts.ts";
import { ChangingFile } from "../changing_file.ts";
import {
  Credentials,
  type Exporter,
  givenSecret,
  otlpProtocol,
  type ReceiverOptions,
  type References,
  TlsFiles,
} from "../export/mod.ts";
import type { HistogramBuckets } from "../histogram.ts";
import { OTLP_BATCH_RECORDS, OTLP_BATCH_RECORDS_WANTED } from "../limits.ts";
import { type OtlpReceiver, receiverUrl } from "../settings/mod.ts";
import { VERSION } from "../version.ts";

/** addresses: those of the watched host. Throws UsageError for a file that cannot be read. */
export async function otlpExporters(
  receivers: readonly OtlpReceiver[],
  references: References,
  addresses: () => readonly string[],
  buckets?: HistogramBuckets,
): Promise<Exporter[]> {
  if (!receivers.length) return [];
  // loaded only here: it costs memory
  const { createOtlpExporter } = await import("../export/otlp/otlp_exporter.ts");
  const { resourceOf } = await import("../export/otlp/resource.ts");
  const environment = (name: string) => Deno.env.get(name);
  const module = spanModule();
  return await Promise.all(receivers.map(async (receiver) =>
    await createOtlpExporter({
      ...receiverOptions(receiver),
      queueRecordsMax: receiver.max_queue_size,
      ...(buckets ? { buckets } : {}),
      resource: () =>
        resourceOf({
          version: VERSION,
          addresses: addresses(),
          environment,
          given: receiver.resource_attributes,
        }),
      scope: { name: "weir", version: VERSION },
      module,
      references,
      withStandardNames: receiver.include_standard_names,
    })
  ));
}

/** How a receiver is spoken to. Throws UsageError for a file that cannot be read. */
export function receiverOptions(receiver: OtlpReceiver): ReceiverOptions {
  return {
    name: receiver.name ?? "otlp",
    url: receiverUrl(receiver),
    protocol: otlpProtocol(receiver.protocol)!,
    headers: receiver.headers,
    credentials: credentialsOf(receiver),
    tls: tlsOf(receiver),
    compression: receiver.compression,
    timeoutMs: receiver.timeout,
    batchRecordsWanted: Math.min(receiver.max_batch_size, OTLP_BATCH_RECORDS_WANTED),
    batchRecordsMax: Math.min(receiver.max_batch_size, OTLP_BATCH_RECORDS),
    lingerMs: receiver.max_batch_interval,
    batchesInFlightMax: receiver.max_concurrent_exports,
    userAgent: `weir/${VERSION}`,
  };
}

function credentialsOf({ auth }: OtlpReceiver): Credentials | undefined {
  const { basic, bearer, bearer_file } = auth;
  if (bearer_file !== undefined) return Credentials.bearer(new ChangingFile(bearer_file, "token"));
  if (bearer !== undefined) return Credentials.bearer(givenSecret(bearer));
  if (basic?.user === undefined) return undefined;
  return Credentials.basic(
    basic.user,
    basic.pass === undefined ? new ChangingFile(basic.pass_file!, "password") : givenSecret(basic.pass),
  );
}

function tlsOf({ tls }: OtlpReceiver): TlsFiles | undefined {
  if (!tls) return undefined;
  const { ca_cert, client_cert, client_key, insecure_skip_verify } = tls;
  return new TlsFiles({
    caCert: ca_cert,
    clientCert: client_cert,
    clientKey: client_key,
    insecureSkipVerify: insecure_skip_verify,
  });
}

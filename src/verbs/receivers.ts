/** Exporters for the receivers that somebody asked for. */
import { spanModule } from "../artifacts.ts";
import { ChangingFile } from "../changing_file.ts";
import { Credentials, type Exporter, type References, TlsFiles } from "../export/mod.ts";
import {
  EXPORT_QUEUE_RECORDS_DEFAULT,
  OTLP_BATCH_RECORDS,
  OTLP_BATCH_RECORDS_WANTED,
  OTLP_BATCHES_IN_FLIGHT,
  OTLP_LINGER_MS,
  OTLP_TIMEOUT_MS,
} from "../limits.ts";
import { VERSION } from "../version.ts";
import type { ReceiverFlags } from "./otlp_options.ts";

/** addresses: those of the watched host. Throws UsageError for files that cannot be read. */
export async function openReceivers(
  receivers: readonly ReceiverFlags[],
  references: References,
  addresses: () => readonly string[],
): Promise<Exporter[]> {
  if (!receivers.length) return [];
  // loaded only here: it costs memory
  const { createOtlpExporter } = await import("../export/otlp/otlp_exporter.ts");
  const { resourceOf } = await import("../export/otlp/resource.ts");
  const environment = (name: string) => Deno.env.get(name);
  const module = spanModule();
  return await Promise.all(receivers.map(async (receiver, i) =>
    await createOtlpExporter({
      name: i ? `otlp-${i + 1}` : "otlp",
      url: receiver.url,
      protocol: receiver.protocol,
      headers: receiver.headers,
      credentials: credentialsOf(receiver),
      tls: tlsOf(receiver),
      compression: receiver.compression,
      timeoutMs: OTLP_TIMEOUT_MS,
      batchRecordsWanted: OTLP_BATCH_RECORDS_WANTED,
      batchRecordsMax: OTLP_BATCH_RECORDS,
      lingerMs: OTLP_LINGER_MS,
      batchesInFlightMax: OTLP_BATCHES_IN_FLIGHT,
      queueRecordsMax: EXPORT_QUEUE_RECORDS_DEFAULT,
      userAgent: `weir/${VERSION}`,
      resource: () => resourceOf({ version: VERSION, addresses: addresses(), environment, given: {} }),
      scope: { name: "weir", version: VERSION },
      module,
      references,
    })
  ));
}

function credentialsOf({ bearerFile, user, passwordFile }: ReceiverFlags): Credentials | undefined {
  if (bearerFile !== undefined) return Credentials.bearer(new ChangingFile(bearerFile, "token"));
  if (user === undefined || passwordFile === undefined) return undefined;
  return Credentials.basic(user, new ChangingFile(passwordFile, "password"));
}

function tlsOf({ caCert, clientCert, clientKey, insecureSkipVerify }: ReceiverFlags): TlsFiles | undefined {
  if (!caCert && !clientCert && !insecureSkipVerify) return undefined;
  return new TlsFiles({
    ...(caCert === undefined ? {} : { caCert }),
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
    insecureSkipVerify: insecureSkipVerify ?? false,
  });
}

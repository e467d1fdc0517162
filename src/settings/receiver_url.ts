/** Where an OTLP receiver is. */
import type { OtlpReceiver } from "./schema/otlp.ts";

type Address = Pick<OtlpReceiver, "endpoint" | "tls">;

/** Whether spans go there over TLS: by its scheme, and where there is none by whether it has a tls block. */
export function isEncrypted({ endpoint, tls }: Address): boolean {
  return endpoint.startsWith("https://") || (!endpoint.startsWith("http://") && tls !== undefined);
}

export function receiverUrl(address: Address): URL {
  const { endpoint } = address;
  return new URL(/^https?:\/\//.test(endpoint) ? endpoint : `${isEncrypted(address) ? "https" : "http"}://${endpoint}`);
}

/** Channel credentials for the gRPC transport. */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { TlsFiles } from "./tls_files.ts";

export function channelCredentials(url: URL, tls: TlsFiles | undefined): ChannelCredentials {
  if (url.protocol === "http:") return credentials.createInsecure();
  const { caCert, clientCert, clientKey } = tls?.material() ?? {};
  const secure = credentials.createSsl(
    // what is given replaces the library's authorities: they stay trusted
    caCert ? Buffer.from([...rootCertificates, caCert].join("\n")) : null,
    clientKey ? Buffer.from(clientKey) : null,
    clientCert ? Buffer.from(clientCert) : null,
    tls?.insecureSkipVerify ? { rejectUnauthorized: false } : {},
  );
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(host) ? verifiedByAddress(secure, host) : secure;
}

interface Connector {
  connectionOptions: { servername?: string; host?: string };
}

/**
 * The library names the host in TLS's server name, also where it is an address, which a server name cannot be (RFC
 * 6066, 3), and Deno refuses it. Without one, the certificate is checked against the address.
 */
function verifiedByAddress(secure: ChannelCredentials, address: string): ChannelCredentials {
  const inside = secure as unknown as { _createSecureConnector(...args: unknown[]): Connector };
  const create = inside._createSecureConnector.bind(secure);
  inside._createSecureConnector = (...args) => {
    const connector = create(...args);
    delete connector.connectionOptions.servername;
    connector.connectionOptions.host = address;
    return connector;
  };
  return secure;
}

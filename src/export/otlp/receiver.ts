/** An OTLP receiver and how it is to be spoken to: the same for every protocol. */
import type { Credentials } from "./credentials.ts";
import type { OtlpProtocol } from "./protocol.ts";
import type { TlsFiles } from "./tls_files.ts";

export const COMPRESSIONS = ["none", "gzip"] as const;
export type Compression = typeof COMPRESSIONS[number];

export interface ReceiverOptions {
  name: string;
  url: URL;
  protocol: OtlpProtocol;
  /** In small letters. */
  headers: Record<string, string>;
  credentials: Credentials | undefined;
  tls: TlsFiles | undefined;
  compression: Compression;
  /** How long an answer may take. */
  timeoutMs: number;
  batchRecordsWanted: number;
  batchRecordsMax: number;
  /** How long records wait for others to fill a batch. */
  lingerMs: number;
  batchesInFlightMax: number;
  /** "weir/1.2.3" */
  userAgent: string;
}

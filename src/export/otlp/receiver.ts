/** An OTLP receiver and how it is to be spoken to: the same for every protocol. */
export interface ReceiverOptions {
  name: string;
  url: URL;
  headers: Record<string, string>;
  compression: "none" | "gzip";
  /** How long an answer may take. */
  timeoutMs: number;
  batchRecordsMax: number;
  /** How long records wait for others to fill a batch. */
  lingerMs: number;
  batchesInFlightMax: number;
}

/** How records leave: what a queue in front of a sender asks of it. One sender, one kind of receiver. */
import type { RecordBatch } from "./record_queue.ts";

/** What became of a batch. Whoever is asked answers for every record of it. */
export type Answer =
  | { outcome: "delivered" }
  /** The receiver took the batch but for `count` records of it. */
  | { outcome: "partly_rejected"; count: number; reason: string; detail: string }
  /** It will not be taken, however often it is sent. reason: a word for the books; detail: for people. */
  | { outcome: "rejected"; reason: string; detail: string }
  /** It may be taken in parts. */
  | { outcome: "too_large"; detail: string }
  /** It was not taken this time. afterMs: when the receiver asks to be tried again; undefined when it does not say. */
  | { outcome: "retry"; detail: string; afterMs?: number | undefined };

export interface Sender {
  readonly name: string;
  /** So many records are worth a batch. More wait for one where batches are on their way already. */
  readonly batchRecordsWanted: number;
  /** Records in a batch. */
  readonly batchRecordsMax: number;
  /** How long records may wait for others to fill a batch. */
  readonly lingerMs: number;
  /** Batches on their way at once. */
  readonly batchesInFlightMax: number;
  /** Whether its receiver is gone for good. */
  readonly isOver: boolean;
  /**
   * Sends a batch, once. The batch's records stay where they are until the answer. Never rejects; with the signal
   * aborted the answer does not matter any more.
   */
  send(batch: RecordBatch, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void> | void;
}

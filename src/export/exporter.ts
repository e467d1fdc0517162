/** The contract that every exporter meets. */
import type { ExporterTerms } from "../books.ts";
import type { Meaning } from "../flow.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { Histogram } from "../histogram.ts";

/** An exporter's figures, in records. */
export interface ExporterRecords {
  queued: number;
  exported: number;
  /** By reason. */
  lost: Record<string, number>;
}

/** What a queue and its sending look like. */
export interface QueueFigures {
  queueRecordsMax: number;
  /** Records of each batch. */
  batchRecords: Histogram;
  /** From a batch's leaving the queue until it was answered for, s: all of its tries, and the waits between them. */
  sendSeconds: Histogram;
}

/** Records that may be given to an exporter that is ready, before it is asked again. */
export const READY_RECORDS = 512;

/** Takes records, answers for each of them, and says so in its terms of the books. */
export interface Exporter {
  readonly name: string;
  /** Whether it takes READY_RECORDS more with all their detail. */
  isReady(): boolean;
  /** Resolves when isReady() is true again: for who would rather wait than lose detail. */
  ready(): Promise<void>;
  /** Whether its receiver is gone for good. */
  readonly isOver: boolean;
  /** Takes a record over, ready or not. Both are valid only during the call. */
  accept(record: FlowRecord, meaning: Meaning): void;
  /** Marks each attribute set that a record which it holds refers to; of exporters that hold any. */
  markSets?(mark: (id: number) => void): void;
  /** Of those that have a queue. */
  readonly figures?: QueueFigures;
  terms(): ExporterTerms;
  records(): ExporterRecords;
  /** Sends what is queued, for deadlineMs at most; what is left then is lost, by name. */
  close(deadlineMs: number): Promise<void>;
  /** The time to send anything is over: what is queued is lost, by name, and so is all that comes. */
  giveUp(): void;
}

/** The contract that every exporter meets. */
import type { ExporterTerms } from "../books.ts";
import type { FlowRecord } from "../flow_record.ts";

/** An exporter's figures, in records. */
export interface ExporterRecords {
  queued: number;
  exported: number;
  /** By reason. */
  lost: Record<string, number>;
}

/** Takes records, answers for each of them, and says so in its terms of the books. */
export interface Exporter {
  readonly name: string;
  /** Whether accept() may be called: an exporter whose way out is blocked says no, and the table keeps counting. */
  isReady(): boolean;
  /** Resolves when isReady() is true again. */
  ready(): Promise<void>;
  /** Takes a record over. It is valid only during the call. */
  accept(record: FlowRecord): void;
  terms(): ExporterTerms;
  records(): ExporterRecords;
  /** Sends what is queued, for deadlineMs at most; what is left then is lost, by name. */
  close(deadlineMs: number): Promise<void>;
  /** The time to send anything is over: what is queued is lost, by name, and so is all that comes. */
  giveUp(): void;
}

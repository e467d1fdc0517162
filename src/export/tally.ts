/** An exporter's terms of the books. */
import type { Amount, ExporterTerms } from "../books.ts";
import { RecordSum } from "../record_sum.ts";

/** What became of an exporter's records. */
export class Tally {
  readonly exported = new RecordSum();
  readonly #lost = new Map<string, RecordSum>();

  /** The records given up for a reason. */
  lost(reason: string): RecordSum {
    let lost = this.#lost.get(reason);
    if (!lost) this.#lost.set(reason, lost = new RecordSum());
    return lost;
  }

  /** Records given up, by reason. */
  lostRecords(): Record<string, number> {
    return Object.fromEntries([...this.#lost].map(([reason, { records }]) => [reason, records]));
  }

  /** queued: what was accepted and not answered for yet. */
  terms(queued: Amount): ExporterTerms {
    return {
      queued,
      exported: this.exported.amount(),
      lost_export: Object.fromEntries([...this.#lost].map(([reason, sum]) => [reason, sum.amount()])),
    };
  }
}

/** An exporter that counts records and forgets them: `--output none`. */
import { type ExporterTerms, zeroAmount } from "../books.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { Exporter, ExporterRecords } from "./exporter.ts";
import { Tally } from "./tally.ts";

export class CountingExporter implements Exporter {
  readonly name = "none";
  readonly isOver = false;
  readonly #tally = new Tally();

  isReady(): boolean {
    return true;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  accept(record: FlowRecord): void {
    this.#tally.exported.add(record);
  }

  terms(): ExporterTerms {
    return this.#tally.terms(zeroAmount());
  }

  records(): ExporterRecords {
    return { queued: 0, exported: this.#tally.exported.records, lost: this.#tally.lostRecords() };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  giveUp(): void {
    // counting takes no time
  }
}

/** The exporters that settings choose: to receivers, to stdout, or to both. What did not change stays the same. */
import type { Exporter, References } from "../export/mod.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT } from "../limits.ts";
import type { Settings } from "../settings/mod.ts";
import { otlpExporters } from "./otlp_exporters.ts";
import { createExporter, outputOf } from "./output.ts";
import type { Output } from "./output_option.ts";
import { histogramBuckets } from "./settings_parts.ts";

/** Exporters that are not in service yet, as far as they are new. */
export interface Choice {
  exporters: Exporter[];
  /** They are in service. */
  keep(): void;
  /** Nothing comes of it: ends the new ones. */
  drop(): Promise<void>;
}

export class ChosenExporters {
  readonly #output: Output | undefined;
  readonly #references: References;
  readonly #addresses: () => readonly string[];
  /** Those in service, by what was said of each. */
  #made = new Map<string, Exporter>();

  /** output: the command line's. addresses: those of the watched host. */
  constructor(output: Output | undefined, references: References, addresses: () => readonly string[]) {
    this.#output = output;
    this.#references = references;
    this.#addresses = addresses;
  }

  /** What settings choose, to be put in service. Throws UsageError for a file that cannot be read. */
  async choose(settings: Settings): Promise<Choice> {
    const { traces } = settings.export;
    const buckets = histogramBuckets(settings);
    const next = new Map<string, Exporter>();
    const chosen = this.#output ?? outputOf(traces.stdout);
    // who names a receiver and reads no terminal has said where flows go
    const isSilent = traces.otlp.length > 0 && !chosen && !Deno.stdout.isTerminal();
    if (!isSilent) {
      const said = `stdout ${chosen}`;
      const kept = this.#made.get(said);
      const queue = { queueRecordsMax: EXPORT_QUEUE_RECORDS_DEFAULT, buckets };
      next.set(said, kept ?? createExporter(chosen, this.#references, queue));
    }
    for (const receiver of traces.otlp) {
      const said = JSON.stringify(receiver);
      const kept = this.#made.get(said);
      const [made] = kept ? [kept] : await otlpExporters([receiver], this.#references, this.#addresses, buckets);
      next.set(said, made!);
    }
    const exporters = [...next.values()];
    const begun = exporters.filter((exporter) => ![...this.#made.values()].includes(exporter));
    return {
      exporters,
      keep: () => void (this.#made = next),
      drop: async () => void await Promise.all(begun.map((exporter) => exporter.close(0))),
    };
  }
}

/**
 * The exporters that records go to, and those that they went to before the settings changed. An exporter that is taken
 * out of service sends what it holds, in its own time; its terms stay in the books under its name.
 */
import { type Amount, type ExporterTerms, subtract, sum, zeroAmount } from "../books.ts";
import type { Meaning } from "../flow.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { Exporter, ExporterRecords } from "./exporter.ts";

/** One exporter's time in service. */
interface Service {
  exporter: Exporter;
  /** What had been handed out when it began. */
  from: Amount;
  /** What had been handed out when it ended; undefined: it goes on. */
  to?: Amount;
  /** Resolves when all that it took is answered for. */
  ending?: Promise<void>;
}

/** What exporters of one name did that are gone. */
interface Past {
  terms: ExporterTerms;
  records: ExporterRecords;
  /** What was handed out while they were in service. */
  served: Amount;
}

export class Outlets {
  #services: Service[];
  readonly #past = new Map<string, Past>();

  constructor(exporters: readonly Exporter[]) {
    this.#services = exporters.map((exporter) => ({ exporter, from: zeroAmount() }));
  }

  /** Those in service. */
  get active(): readonly Exporter[] {
    return this.#services.filter(({ to }) => !to).map(({ exporter }) => exporter);
  }

  /** Gives a record to each of them. None is waited for: each has a queue of its own. */
  accept(record: FlowRecord, meaning: Meaning): void {
    for (const { exporter, to } of this.#services) if (!to) exporter.accept(record, meaning);
  }

  /**
   * Puts others in service. Those that were and are not among them end, within deadlineMs; those that were and are go
   * on. handedOut: what has been given until now.
   */
  replace(next: readonly Exporter[], handedOut: Amount, deadlineMs: number): void {
    const active = this.active;
    for (const service of this.#services) {
      if (service.to || next.includes(service.exporter)) continue;
      service.to = handedOut;
      service.ending = service.exporter.close(deadlineMs).then(() => this.#remember(service));
    }
    const begun = next.filter((exporter) => !active.includes(exporter));
    this.#services.push(...begun.map((exporter) => ({ exporter, from: handedOut })));
  }

  /** Keeps what an exporter that is gone did, and not the exporter. */
  #remember(service: Service): void {
    const { exporter, from, to } = service;
    this.#services = this.#services.filter((other) => other !== service);
    const past = this.#past.get(exporter.name);
    const terms = exporter.terms();
    this.#past.set(exporter.name, {
      terms: past ? sumTerms([past.terms, terms]) : terms,
      records: past ? sumRecords([past.records, exporter.records()]) : exporter.records(),
      served: sum(past?.served ?? zeroAmount(), subtract(to!, from)),
    });
  }

  /** By name. handedOut: what there was to give. waiting: what of it nobody took yet. */
  terms(handedOut: Amount, waiting: Amount): Record<string, ExporterTerms> {
    return this.#byName((services, past) => {
      const parts = services.map(({ exporter }) => exporter.terms());
      const terms = sumTerms(past ? [past.terms, ...parts] : parts);
      const isActive = services.some(({ to }) => !to);
      const served = services.map(({ from, to }) => subtract(to ?? handedOut, from));
      return {
        ...terms,
        queued: isActive ? sum(terms.queued, waiting) : terms.queued,
        out_of_service: subtract(handedOut, sum(past?.served ?? zeroAmount(), ...served)),
      };
    });
  }

  /** By name, those that are out of service included. */
  records(): Record<string, ExporterRecords> {
    return this.#byName((services, past) =>
      sumRecords([...past ? [past.records] : [], ...services.map(({ exporter }) => exporter.records())])
    );
  }

  #byName<T>(view: (services: Service[], past: Past | undefined) => T): Record<string, T> {
    const byName = Map.groupBy(this.#services, ({ exporter }) => exporter.name);
    const names = new Set([...this.#past.keys(), ...byName.keys()]);
    return Object.fromEntries([...names].map((name) => [name, view(byName.get(name) ?? [], this.#past.get(name))]));
  }

  /** Marks the attribute sets that records which wait refer to. */
  markSets(mark: (id: number) => void): void {
    for (const { exporter } of this.#services) exporter.markSets?.(mark);
  }

  giveUp(): void {
    for (const { exporter } of this.#services) exporter.giveUp();
  }

  /** Ends all that are in service, and waits for those that are ending, however long they were given. */
  async close(deadlineMs: number): Promise<void> {
    const late = setTimeout(() => this.giveUp(), deadlineMs);
    await Promise.all(this.#services.map(({ exporter, ending }) => ending ?? exporter.close(deadlineMs)));
    clearTimeout(late);
  }
}

function sumTerms(terms: readonly ExporterTerms[]): ExporterTerms {
  const reasons = new Set(terms.flatMap(({ lost_export }) => Object.keys(lost_export)));
  const lost = [...reasons].map((reason) =>
    [reason, sum(...terms.flatMap(({ lost_export }) => lost_export[reason] ?? []))] as const
  );
  return {
    queued: sum(...terms.map(({ queued }) => queued)),
    exported: sum(...terms.map(({ exported }) => exported)),
    lost_export: Object.fromEntries(lost),
  };
}

function sumRecords(parts: readonly ExporterRecords[]): ExporterRecords {
  const total: ExporterRecords = { queued: 0, exported: 0, lost: {} };
  for (const { queued, exported, lost } of parts) {
    total.queued += queued;
    total.exported += exported;
    for (const [reason, count] of Object.entries(lost)) total.lost[reason] = (total.lost[reason] ?? 0) + count;
  }
  return total;
}

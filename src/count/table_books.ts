/** The table's terms of the books and its figures, read from its control page. */
import type { Amount, CountTerms, TableOwnTerms } from "../books.ts";
import { sum } from "../books.ts";
import { type Hook, HOOKS, type InterfaceTaken } from "../flow.ts";
import { INTERFACE_BOOKS_BYTES, type MemoryPlan } from "../memory_plan.ts";
import { FLOW_CLASSES, FLOW_DIRECTIONS, type FlowCount } from "./flow_classes.ts";
import * as at from "./table_layout.ts";

export type TableStats = Record<(typeof at.STAT_NAMES)[number], number>;

export class TableBooks {
  readonly #view: DataView;
  readonly #plan: MemoryPlan;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#view = new DataView(memory.buffer);
    this.#plan = plan;
  }

  /** The terms of one hook's sightings. */
  countTerms(hook: Hook): CountTerms {
    const base = at.BOOKS + HOOKS.indexOf(hook) * at.HOOK_TERMS.length * at.MEASURES_BYTES;
    return this.#terms(at.HOOK_TERMS, base);
  }

  /** All terms. Those found by looking are as old as the last audit. */
  terms(): TableOwnTerms {
    const [ingress, egress] = HOOKS.map((hook) => this.countTerms(hook)) as [CountTerms, CountTerms];
    return {
      taken: sum(ingress.taken, egress.taken),
      counted: sum(ingress.counted, egress.counted),
      duplicate: sum(ingress.duplicate, egress.duplicate),
      assumed_duplicate: sum(ingress.assumed_duplicate, egress.assumed_duplicate),
      ...this.#terms(at.AUDIT_TERMS, at.AUDIT),
      ...this.#terms(at.TABLE_TERMS, at.TABLE_TERMS_AT),
    };
  }

  stats(): TableStats {
    return Object.fromEntries(
      at.STAT_NAMES.map((name, i) => [name, Number(this.#u64(at.STATS + i * 8))]),
    ) as TableStats;
  }

  interfaceTaken(interfaceId: number): InterfaceTaken {
    const base = this.#plan.interfaces + interfaceId * INTERFACE_BOOKS_BYTES;
    return { ingress: this.#amount(base), egress: this.#amount(base + at.MEASURES_BYTES) };
  }

  /** Flows in the table by kind, as the last whole sweep found them. */
  census(): FlowCount[] {
    return FLOW_CLASSES.flatMap((protocol, i) =>
      FLOW_DIRECTIONS.map((direction, j) => {
        const place = i * FLOW_DIRECTIONS.length + j;
        return { protocol, direction, count: this.#view.getUint32(at.CENSUS + place * 4, true) };
      })
    );
  }

  #terms<Name extends string>(names: readonly Name[], base: number): Record<Name, Amount> {
    return Object.fromEntries(names.map((name, i) => [name, this.#amount(base + i * at.MEASURES_BYTES)])) as Record<
      Name,
      Amount
    >;
  }

  #amount(base: number): Amount {
    return {
      frames: this.#u64(base),
      packets: this.#u64(base + 8),
      bytes: this.#u64(base + 16),
      wire_bytes: this.#u64(base + 24),
    };
  }

  #u64(address: number): bigint {
    return this.#view.getBigUint64(address, true);
  }
}

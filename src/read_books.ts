/** All terms of the books, read where each is kept. */
import type { Books, ExporterTerms } from "./books.ts";
import type { KernelBooks } from "./collect/mod.ts";
import type { TableBooks } from "./count/mod.ts";
import { HOOKS } from "./flow.ts";
import type { GateTerms } from "./filter/mod.ts";

export function readBooks(
  kernel: KernelBooks,
  table: TableBooks,
  gate: GateTerms,
  exporters: Record<string, ExporterTerms>,
): Books {
  return {
    kernel: kernel.terms(),
    table: { ...table.terms(), ...gate },
    exporters,
    hooks: Object.fromEntries(HOOKS.map((hook) => [hook, { ...kernel.terms(hook), ...table.countTerms(hook) }])),
  };
}

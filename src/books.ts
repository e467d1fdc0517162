/**
 * The books: what became of every frame, packet, byte and wire byte that a hook saw. Each term is measured where its
 * event happens; none is a difference of others, so the equations can be wrong, and say so.
 *
 *     kernel:    seen = not_ip + malformed + filtered + sampled_out + lost{reason} + accounted
 *     transit:   accounted = taken + in_slots + in_ring
 *     table:     taken = counted + duplicate + assumed_duplicate
 *                counted = held + overflow_held + filtered_flow + sampled_out_flow + handed_out
 *     exporter:  handed_out = queued + exported + lost_export{reason} + out_of_service     (for each exporter)
 */

export const MEASURES = ["frames", "packets", "bytes", "wire_bytes"] as const;
export type Measure = (typeof MEASURES)[number];

/** One number in each measure. Exact: bigint, because bytes pass 2^53 in a year of 100 Gbit/s. */
export type Amount = Record<Measure, bigint>;

/** Why the kernel program let a packet go uncounted; numbers in bpf/reason.h. */
export const LOST_REASONS = ["ring_full", "no_slot"] as const;
export type LostReason = (typeof LOST_REASONS)[number];

/** What the program writes. */
export interface KernelTerms {
  seen: Amount;
  accounted: Amount;
  not_ip: Amount;
  malformed: Amount;
  filtered: Amount;
  sampled_out: Amount;
  lost: Record<LostReason, Amount>;
}

/** What the table writes as it counts. */
export interface CountTerms {
  taken: Amount;
  counted: Amount;
  duplicate: Amount;
  assumed_duplicate: Amount;
}

/** What the table writes, or finds by looking. */
export interface TableOwnTerms extends CountTerms {
  in_slots: Amount;
  in_ring: Amount;
  held: Amount;
  overflow_held: Amount;
  /** Put into the out ring. */
  handed_out: Amount;
}

/** The same, and what became of records at the gate behind the out ring: there handed_out is measured, too. */
export interface TableTerms extends TableOwnTerms {
  filtered_flow: Amount;
  sampled_out_flow: Amount;
}

export interface ExporterTerms {
  queued: Amount;
  exported: Amount;
  lost_export: Record<string, Amount>;
  /** What was handed out before settings brought it, or after they took it away; of exporters that may come and go. */
  out_of_service?: Amount;
}

/** All terms at one moment. */
export interface Books {
  kernel: KernelTerms;
  table: TableTerms;
  exporters: Record<string, ExporterTerms>;
  /** The terms that belong to one hook, by hook. */
  hooks: Record<string, KernelTerms & CountTerms>;
  /** Live books: what was seen by the end of the look. The sums lie between this and kernel.seen. */
  seenAfter?: Amount;
}

/** One equation in one measure. On live books, left may lag right by what passed meanwhile. */
export interface Equation {
  name: string;
  measure: Measure;
  left: bigint;
  right: bigint;
  /** How much the sides may differ: 0 once the hooks are detached. */
  slack: bigint;
  closed: boolean;
}

export function zeroAmount(): Amount {
  return { frames: 0n, packets: 0n, bytes: 0n, wire_bytes: 0n };
}

export function sum(...amounts: Amount[]): Amount {
  const total = zeroAmount();
  for (const amount of amounts) for (const measure of MEASURES) total[measure] += amount[measure];
  return total;
}

export function subtract(from: Amount, amount: Amount): Amount {
  const difference = { ...from };
  for (const measure of MEASURES) difference[measure] -= amount[measure];
  return difference;
}

/** Adds in place: what exporters count by. */
export function addAmount(to: Amount, frames: number, packets: number, bytes: number, wireBytes: number): void {
  to.frames += BigInt(frames);
  to.packets += BigInt(packets);
  to.bytes += BigInt(bytes);
  to.wire_bytes += BigInt(wireBytes);
}

/** Every equation in every measure. */
export function checkBooks(books: Books): Equation[] {
  const { kernel, table } = books;
  const outcomes = [
    kernel.not_ip,
    kernel.malformed,
    kernel.filtered,
    kernel.sampled_out,
    ...Object.values(kernel.lost),
  ];
  const sides: Array<[string, Amount, Amount]> = [
    ["seen", kernel.seen, sum(...outcomes, kernel.accounted)],
    ["accounted", kernel.accounted, sum(table.taken, table.in_slots, table.in_ring)],
    ["taken", table.taken, sum(table.counted, table.duplicate, table.assumed_duplicate)],
    [
      "counted",
      table.counted,
      sum(table.held, table.overflow_held, table.filtered_flow, table.sampled_out_flow, table.handed_out),
    ],
    ...Object.entries(books.exporters).map(([name, terms]): [string, Amount, Amount] => [
      `handed_out to ${name}`,
      table.handed_out,
      sum(terms.queued, terms.exported, ...Object.values(terms.lost_export), terms.out_of_service ?? zeroAmount()),
    ]),
  ];
  // What passed while the terms were read, one after the other, can be in a later term and not in an earlier one.
  return MEASURES.flatMap((measure) => {
    const slack = books.seenAfter ? books.seenAfter[measure] - kernel.seen[measure] : 0n;
    return sides.map(([name, left, right]) => {
      const difference = right[measure] - left[measure];
      return {
        name,
        measure,
        left: left[measure],
        right: right[measure],
        slack,
        closed: difference >= -slack && difference <= slack,
      };
    });
  });
}

type Json = number | string | boolean | null | Json[] | { [key: string]: Json };

/** The books as their JSON: terms by measure, as `--books FILE`, `/books` and `weir books --json` give them. */
export function booksJson(books: Books): { [key: string]: Json } {
  const equations = checkBooks(books);
  const { seenAfter } = books;
  return {
    ...Object.fromEntries(MEASURES.map((measure) => [measure, {
      ...termsIn(measure, books.kernel, books.table),
      ...(seenAfter ? { seen_after: plain(seenAfter[measure]) } : {}),
      exporters: pick(measure, books.exporters),
    }])),
    hooks: Object.fromEntries(
      Object.entries(books.hooks).map(([hook, terms]) => [
        hook,
        Object.fromEntries(MEASURES.map((measure) => [measure, pick(measure, terms)])),
      ]),
    ),
    closed: equations.every(({ closed }) => closed),
    equations: equations.map(({ name, measure, left, right, slack, closed }) => ({
      name,
      measure,
      left: plain(left),
      right: plain(right),
      slack: plain(slack),
      closed,
    })),
  };
}

function termsIn(measure: Measure, kernel: KernelTerms, table: TableTerms): { [key: string]: Json } {
  return { ...pick(measure, kernel), ...pick(measure, table) };
}

/** One measure of every amount in a tree of amounts. */
function pick(measure: Measure, terms: object): { [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(terms).map((
      [name, value],
    ) => [name, isAmount(value) ? plain(value[measure]) : pick(measure, value)]),
  );
}

function isAmount(value: object): value is Amount {
  return "wire_bytes" in value;
}

/** A JSON number where it is exact, else a string. */
function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

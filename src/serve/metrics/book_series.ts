/** The books as series. */
import { type Amount, type Books, LOST_REASONS } from "../../books.ts";
import type { Series } from "./metric.ts";

export const MEASURES: ReadonlyArray<{ measure: keyof Amount; says: string }> = [
  { measure: "frames", says: "Frames" },
  { measure: "packets", says: "Packets" },
  { measure: "bytes", says: "Bytes" },
  { measure: "wire_bytes", says: "Bytes with the headers of every segment" },
];

/** Every counted term of the books in one measure. What is found by looking is a gauge and not here. */
export function bookSeries(books: Books, measure: keyof Amount): Series[] {
  const series: Series[] = [];
  const add = (outcome: string, amount: Amount, reason = "", exporter = "") =>
    series.push({ labels: { outcome, reason, exporter }, value: Number(amount[measure]) });
  const { kernel, table } = books;
  add("seen", kernel.seen);
  add("accounted", kernel.accounted);
  add("not_ip", kernel.not_ip);
  add("malformed", kernel.malformed);
  add("filtered", kernel.filtered);
  add("sampled_out", kernel.sampled_out);
  for (const reason of LOST_REASONS) add("lost", kernel.lost[reason], reason);
  add("taken", table.taken);
  add("counted", table.counted);
  add("duplicate", table.duplicate);
  add("assumed_duplicate", table.assumed_duplicate);
  add("filtered_flow", table.filtered_flow);
  add("sampled_out_flow", table.sampled_out_flow);
  add("handed_out", table.handed_out);
  for (const [exporter, terms] of Object.entries(books.exporters)) {
    add("exported", terms.exported, "", exporter);
    for (const [reason, amount] of Object.entries(terms.lost_export)) add("lost_export", amount, reason, exporter);
  }
  return series;
}

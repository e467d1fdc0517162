/** The file that --books writes, and what every such file must say. */
import { deepEqual, equal } from "node:assert/strict";
import { type Measure, MEASURES } from "../../src/books.ts";

export interface ExporterBooks {
  queued: number;
  exported: number;
  lost_export: Record<string, number>;
  out_of_service?: number;
}

/** The terms of one measure. */
export interface TermsBooks {
  seen: number;
  accounted: number;
  not_ip: number;
  malformed: number;
  filtered: number;
  sampled_out: number;
  lost: Record<string, number>;
  taken: number;
  counted: number;
  duplicate: number;
  assumed_duplicate: number;
  in_slots: number;
  in_ring: number;
  held: number;
  overflow_held: number;
  filtered_flow: number;
  sampled_out_flow: number;
  handed_out: number;
  exporters: Record<string, ExporterBooks>;
}

export interface BooksFile extends Record<Measure, TermsBooks> {
  closed: boolean;
  equations: Array<{ name: string; measure: string; left: number; right: number; slack: number; closed: boolean }>;
  audit: Array<{
    interface: string;
    frames: number;
    bytes: number;
    deviceFramesLeast: number;
    deviceFramesMost: number;
    deviceBytesLeast: number;
    deviceBytesMost: number;
    verdict: string;
    cause: string;
  }>;
  strays: Array<
    { interface: string; hook: string; term: string; ethertypeName: string; frames: number; bytes: number }
  >;
  malformed: Record<string, number>;
  events: Record<string, number>;
}

export function readBooksFile(path: string): BooksFile {
  return JSON.parse(Deno.readTextFileSync(path));
}

const IN_FLIGHT = ["in_slots", "in_ring", "held", "overflow_held"] as const;

/** Adds the equations up anew, from the terms alone: the file's own word is not enough. */
export function assertFinalBooks(books: BooksFile): void {
  for (const measure of MEASURES) {
    const terms = books[measure];
    const of = `of ${measure}: ${JSON.stringify(terms)}`;
    const lost = Object.values(terms.lost).reduce((sum, value) => sum + value, 0);
    const { seen, not_ip, malformed, filtered, sampled_out, accounted } = terms;
    equal(seen, not_ip + malformed + filtered + sampled_out + lost + accounted, `seen ${of}`);
    equal(accounted, terms.taken + terms.in_slots + terms.in_ring, `accounted ${of}`);
    equal(terms.taken, terms.counted + terms.duplicate + terms.assumed_duplicate, `taken ${of}`);
    const { held, overflow_held, filtered_flow, sampled_out_flow, handed_out } = terms;
    equal(terms.counted, held + overflow_held + filtered_flow + sampled_out_flow + handed_out, `counted ${of}`);
    for (const [name, { queued, exported, lost_export, out_of_service = 0 }] of Object.entries(terms.exporters)) {
      const lostExport = Object.values(lost_export).reduce((sum, value) => sum + value, 0);
      equal(handed_out, queued + exported + lostExport + out_of_service, `exporter ${name} ${of}`);
      equal(queued, 0, `exporter ${name}, queued ${of}`);
    }
    deepEqual(IN_FLIGHT.filter((term) => terms[term] !== 0), [], `in flight ${of}`);
  }
  equal(books.closed, true, "books say that they are closed");
  deepEqual(books.equations.filter(({ closed }) => !closed), []);
}

/** Nothing was lost anywhere: no packet in the kernel, no record on the way out. */
export function assertNothingLost(books: BooksFile): void {
  for (const measure of MEASURES) {
    const { lost, exporters } = books[measure];
    deepEqual(Object.entries(lost).filter(([, value]) => value !== 0), [], `lost in ${measure}`);
    for (const [name, { lost_export }] of Object.entries(exporters)) {
      deepEqual(Object.values(lost_export).filter((value) => value !== 0), [], `lost by ${name} in ${measure}`);
    }
  }
}

/** What a guest says of its tests, in lines between those of its kernel. */

const MARK = "@weir ";

export interface SuiteResult {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Check {
  name: string;
  ok: boolean;
}

export interface GuestReport {
  suite?: SuiteResult;
  attach?: "tc" | "tcx";
  checks: Check[];
  /** The guest came to its end. */
  done?: boolean;
}

type Message = { suite: SuiteResult } | { attach: "tc" | "tcx" } | { check: Check } | { done: true };

/** A line of its own, whatever the console's line held so far. */
export function sendReport(message: Message): void {
  console.log(`\n${MARK}${JSON.stringify(message)}`);
}

/** Takes a line of the console in, if it is a message. */
export function parseReport(line: string, report: GuestReport): boolean {
  if (!line.startsWith(MARK)) return false;
  const message: Message = JSON.parse(line.slice(MARK.length));
  if ("check" in message) report.checks.push(message.check);
  else Object.assign(report, message);
  return true;
}

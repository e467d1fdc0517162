/** Reads HCL (its native syntax, as far as configurations use it) and keeps where everything stands. */
import type { Origin } from "../document/origin.ts";
import type { Problem } from "../document/problem.ts";
import type { Reading, ReadOptions } from "../document/reading.ts";
import { group } from "../document/tree.ts";
import { readBody } from "./body.ts";
import { HclScanner, HclSyntaxError } from "./scanner.ts";

export function readHcl({ source, text, offsetMap, variables }: ReadOptions): Reading {
  const originOf = (offset: number): Origin => ({ kind: "file", source, offset: offsetMap(offset) });
  const tree = group(originOf(0));
  const problems: Problem[] = [];
  const report = (origin: Origin, message: string) => void problems.push({ origin, message });
  try {
    readBody({ scanner: new HclScanner(text), variables, originOf, report }, tree, true);
  } catch (error) {
    if (!(error instanceof HclSyntaxError)) throw error;
    report(originOf(error.offset), error.message);
    return { tree, problems, isWhole: false };
  }
  return { tree, problems, isWhole: true };
}

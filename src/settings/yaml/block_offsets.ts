/** Offsets of a text that stands inside YAML as a literal block: each of its lines is indented there. */
import type { OffsetMap } from "../document/source_text.ts";

/**
 * From offsets of the block's text to offsets of the YAML around it. start: where its "|" stands in `outer`.
 */
export function blockOffsets(outer: string, start: number, inner: string): OffsetMap {
  const innerLines = inner.split("\n");
  const innerStarts = startsOf(innerLines);
  const first = outer.indexOf("\n", start) + 1;
  const outerLines = outer.slice(first).split("\n").slice(0, innerLines.length);
  const indentation = indentationOf(outerLines, innerLines);
  const outerStarts = startsOf(outerLines).map((at, i) => first + at + Math.min(indentation, outerLines[i]!.length));
  return (offset) => {
    const line = innerStarts.findLastIndex((lineStart) => lineStart <= offset);
    return Math.min((outerStarts[line] ?? outer.length) + offset - innerStarts[line]!, outer.length);
  };
}

/** Where each line begins, counted from the first. */
function startsOf(lines: readonly string[]): number[] {
  let at = 0;
  return lines.map((line) => {
    const start = at;
    at += line.length + 1;
    return start;
  });
}

/** By how much lines are indented: seen at the first that has something. */
function indentationOf(outerLines: readonly string[], innerLines: readonly string[]): number {
  const line = innerLines.findIndex((text) => text.trim() !== "");
  const blanks = (text = "") => /^ */.exec(text)![0].length;
  return blanks(outerLines[line]) - blanks(innerLines[line]);
}

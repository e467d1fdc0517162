/** Texts in HCL: quoted ones, heredocs, and what is put into them with ${…}. */
import type { HclScanner } from "./scanner.ts";

/** A text as written: literal parts, and holes that hold what an expression says. */
export interface Template<Hole> {
  parts: Array<string | { hole: Hole; offset: number }>;
}

const ESCAPES = new Map([["n", "\n"], ["r", "\r"], ["t", "\t"], ['"', '"'], ["\\", "\\"]]);
/** Characters of their own: up to what could begin an escape, a hole or the end. */
const QUOTED_REGEXP = /[^"\\$%\r\n]+/y;
const HEREDOC_REGEXP = /[^$%\r\n]+/y;
const CODE_POINT_MOST = 0x10ffff;

/** A quoted text, from its first quotation mark. readHole: reads an expression. */
export function readQuoted<Hole>(scanner: HclScanner, readHole: () => Hole): Template<Hole> {
  const start = scanner.at;
  scanner.take('"');
  const parts: Template<Hole>["parts"] = [];
  while (!scanner.take('"')) {
    if (scanner.isOver || /[\r\n]/.test(scanner.next)) {
      scanner.fail("a text that begins here does not end on its line: close its quotation marks", start);
    }
    parts.push(scanner.match(QUOTED_REGEXP) ?? readEscape(scanner) ?? readSequence(scanner, readHole));
  }
  return { parts };
}

function readEscape(scanner: HclScanner): string | undefined {
  if (scanner.next !== "\\") return undefined;
  const letter = scanner.text[scanner.at + 1] ?? "";
  const simple = ESCAPES.get(letter);
  if (simple !== undefined) {
    scanner.at += 2;
    return simple;
  }
  const digits = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
  digits.lastIndex = scanner.at;
  const [all, short, long] = digits.exec(scanner.text) ?? [];
  const code = Number.parseInt(short ?? long ?? "", 16);
  if (!all || code > CODE_POINT_MOST) {
    scanner.fail(`"\\${letter}" is no escape: there are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN`);
  }
  scanner.at += all.length;
  return String.fromCodePoint(code);
}

/** What a dollar or a percent sign begins. */
function readSequence<Hole>(scanner: HclScanner, readHole: () => Hole): Template<Hole>["parts"][number] {
  if (scanner.take("$${")) return "${";
  if (scanner.take("%%{")) return "%{";
  const start = scanner.at;
  if (scanner.startsWith("%{")) scanner.fail("directives (%{ if }, %{ for }) are not read: write the text itself");
  if (!scanner.take("${")) return scanner.text[scanner.at++]!;
  if (scanner.next === "~") scanner.fail("strip markers (~) are not read: take them away");
  scanner.skipLines();
  const hole = readHole();
  scanner.skipLines();
  if (!scanner.take("}")) scanner.fail(`${scanner.found} instead of the } for this \${`, start);
  return { hole, offset: start };
}

const HEREDOC_START_REGEXP = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;

/** A text over several lines, from its << on; undefined where none begins. */
export function readHeredoc<Hole>(scanner: HclScanner, readHole: () => Hole): Template<Hole> | undefined {
  const start = scanner.at;
  HEREDOC_START_REGEXP.lastIndex = start;
  const [opening, dash, marker] = HEREDOC_START_REGEXP.exec(scanner.text) ?? [];
  if (opening === undefined) return undefined;
  scanner.at += opening.length;
  const lines: Array<Template<Hole>["parts"]> = [];
  while (!isMarker(scanner, marker!)) {
    if (scanner.isOver) scanner.fail(`a text that begins here never ends: write ${marker} on a line of its own`, start);
    lines.push(readLine(scanner, readHole));
  }
  if (dash) unindent(lines);
  return { parts: lines.flat() };
}

/** Whether this line ends the text; steps over the marker if so, not over the line's end. */
function isMarker(scanner: HclScanner, marker: string): boolean {
  const end = scanner.text.indexOf("\n", scanner.at);
  const line = scanner.text.slice(scanner.at, end < 0 ? undefined : end);
  if (line.trim() !== marker) return false;
  scanner.at += line.indexOf(marker) + marker.length;
  return true;
}

function readLine<Hole>(scanner: HclScanner, readHole: () => Hole): Template<Hole>["parts"] {
  const parts: Template<Hole>["parts"] = [];
  while (!scanner.isOver) {
    const end = scanner.match(/\r?\n/y);
    if (end !== undefined) return [...parts, end];
    parts.push(scanner.match(HEREDOC_REGEXP) ?? readSequence(scanner, readHole));
  }
  return parts;
}

/** Takes away the blanks that all lines begin with; lines of nothing but blanks neither count nor change. */
function unindent<Hole>(lines: Array<Template<Hole>["parts"]>): void {
  const written = lines.filter((parts) => parts.some((part) => typeof part !== "string" || part.trim() !== ""));
  const blanksOf = ([first]: Template<Hole>["parts"]) =>
    typeof first === "string" ? /^[^\S\r\n]*/.exec(first)![0].length : 0;
  const least = Math.min(...written.map(blanksOf));
  for (const parts of written) if (typeof parts[0] === "string") parts[0] = parts[0].slice(least);
}

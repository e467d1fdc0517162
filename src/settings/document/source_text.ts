/** A file's text, and where in it something stands: what a message about it needs. */

/** Counted from 1; columns in characters as editors count them. */
export interface Place {
  line: number;
  column: number;
}

/** Longer ones are made by programs. */
const LINE_SHOWN_MAX = 500;

/** Values of keys that sound like secrets, headers, and passwords in URLs: lines go into logs. */
const SECRET_REGEXP =
  /((?:\b|_)(?:pass|password|passwd|bearer|authorization|secret|token|[\w-]*api[-_]?key)"?\s*[=:]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}]+)/gi;

const HEADERS_REGEXP = /(\bheaders"?\s*[=:]\s*[{[])([^}\]]*)/gi;
const URL_PASSWORD_REGEXP = /(:\/\/[^\s/@:"']*:)([^\s/@"']+)(?=@)/g;

/** Characters stay where they are, so that a caret points at the same one. */
function hideSecrets(line: string): string {
  const hide = (_: string, key: string, value: string) => key + "*".repeat(value.length);
  return [SECRET_REGEXP, HEADERS_REGEXP, URL_PASSWORD_REGEXP].reduce(
    (text, regexp) => text.replace(regexp, hide),
    line,
  );
}

export class SourceText {
  readonly name: string;
  readonly text: string;
  #starts: number[] | undefined;

  /** name: as people know it, a path or "standard input". */
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  place(offset: number): Place {
    const line = this.#lineAt(offset);
    return { line: line + 1, column: this.text.slice(this.#lineStarts()[line], offset).length + 1 };
  }

  /** Where the line of an offset begins. */
  lineStart(offset: number): number {
    return this.#lineStarts()[this.#lineAt(offset)]!;
  }

  /** The line of an offset, and another one whose caret points at it; undefined where the line is too long to read. */
  excerpt(offset: number): string | undefined {
    const start = this.lineStart(offset);
    const written = /.*/.exec(this.text.slice(start, start + LINE_SHOWN_MAX + 1))![0];
    if (written.length > LINE_SHOWN_MAX) return undefined;
    const line = hideSecrets(written);
    // tabs stay, so that the caret stands below its character whatever their width
    const indentation = line.slice(0, offset - start).replace(/[^\t]/g, " ");
    return `  ${line}\n  ${indentation}^`;
  }

  #lineAt(offset: number): number {
    const starts = this.#lineStarts();
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #lineStarts(): number[] {
    return this.#starts ??= [0, ...this.text.matchAll(/\n/g).map(({ index }) => index + 1)];
  }
}

/** A text inside another one, as YAML in a manifest: offsets of the one are offsets of the other. */
export type OffsetMap = (offset: number) => number;

export const SAME_OFFSETS: OffsetMap = (offset) => offset;

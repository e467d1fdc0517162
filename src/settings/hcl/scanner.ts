/** Reads HCL's text from left to right: what is skipped, and what is a word. */

/** A text that is no HCL, and the offset at which that shows. */
export class HclSyntaxError extends SyntaxError {
  override readonly name = "HclSyntaxError";

  constructor(readonly offset: number, message: string) {
    super(message);
  }
}

// HCL native syntax, "Identifiers": Unicode's (UAX 31), and dashes
const IDENTIFIER_REGEXP = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
/** Values in values: more than anybody writes, less than the stack takes. */
const DEPTH_MAX = 100;

export class HclScanner {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith("\ufeff")) this.at = 1;
  }

  get isOver(): boolean {
    return this.at >= this.text.length;
  }

  /** The character that comes, or "" at the end. */
  get next(): string {
    return this.text[this.at] ?? "";
  }

  fail(message: string, offset = this.at): never {
    throw new HclSyntaxError(offset, message);
  }

  /** What comes, as a message names it. */
  get found(): string {
    if (this.isOver) return "the end of the file";
    if (/[\r\n]/.test(this.next)) return "the end of the line";
    if (this.next === '"') return "a quotation mark";
    const word = /[\p{L}\p{N}_.-]+|./uy;
    word.lastIndex = this.at;
    return `"${word.exec(this.text)![0].slice(0, 40)}"`;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Steps over a text if it is what comes. */
  take(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.at += text.length;
    return true;
  }

  /** Steps over what a sticky pattern matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  identifier(): string | undefined {
    return this.match(IDENTIFIER_REGEXP);
  }

  /** Over blanks and inline comments, on this line only. */
  skipBlanks(): void {
    while (this.match(/[ \t]+/y) || this.#inlineComment());
  }

  /** Over blanks, comments and ends of lines. */
  skipLines(): void {
    while (this.match(/[ \t]+|\r?\n/y) || this.#inlineComment() || this.#lineComment());
  }

  /** Over the rest of the line, which may hold a comment and nothing else. Says whether it was so. */
  endLine(): boolean {
    this.skipBlanks();
    return this.isOver || this.match(/\r?\n/y) !== undefined || this.#lineComment();
  }

  /** Reads something that may hold itself. */
  nested<Read>(read: () => Read): Read {
    if (this.#depth >= DEPTH_MAX) this.fail(`values are nested more than ${DEPTH_MAX} deep`);
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  #lineComment(): boolean {
    return this.match(/(?:#|\/\/).*(?:\n|$)/y) !== undefined;
  }

  #inlineComment(): boolean {
    if (!this.startsWith("/*")) return false;
    const end = this.text.indexOf("*/", this.at + 2);
    if (end < 0) this.fail("a comment that begins here never ends: write */ behind it");
    this.at = end + 2;
    return true;
  }
}

/**
 * A text with places for what a regular expression's groups matched: $1 or ${1} for the first, $0 for all that it
 * matched, $$ for a dollar.
 */

/** What a regular expression matched and its groups; undefined: a group that took no part. */
export type Groups = readonly (string | undefined)[];

const PLACE_REGEXP = /\$(?:\$|(\d{1,2})|\{(\d{1,2})\})/;
/** What split() makes of a text and the place behind it: the text and either group of the expression above. */
const PARTS_EACH = 3;

export class GroupTemplate {
  readonly #parts: readonly (string | number)[];

  constructor(text: string) {
    const pieces = text.split(PLACE_REGEXP);
    const parts: (string | number)[] = [];
    for (let i = 0; i < pieces.length; i += PARTS_EACH) {
      parts.push(pieces[i]!);
      if (i + 1 === pieces.length) break;
      const group = pieces[i + 1] ?? pieces[i + 2];
      parts.push(group === undefined ? "$" : Number(group));
    }
    this.#parts = parts;
  }

  /** The last group that it has a place for. */
  get lastGroup(): number {
    return Math.max(0, ...this.#parts.filter((part) => typeof part === "number"));
  }

  /** Whether it is the same whatever matched. */
  get isFixed(): boolean {
    return this.#parts.every((part) => typeof part === "string");
  }

  fill(groups: Groups): string {
    return this.#parts.map((part) => typeof part === "string" ? part : groups[part] ?? "").join("");
  }
}

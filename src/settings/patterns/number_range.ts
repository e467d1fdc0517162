/** Numbers and ranges of them, as filters have ports. */

/** Both ends are in it. */
export interface NumberRange {
  /** As it was written. */
  text: string;
  least: number;
  most: number;
}

/** "443" or "32000-60999", up to `most`; undefined where it is no such thing. */
export function parseNumberRange(text: string, most: number): NumberRange | undefined {
  const [, first, last] = /^\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  const range = { text, least: Number(first), most: Number(last ?? first) };
  return range.least <= range.most && range.most <= most ? range : undefined;
}

/** What filters have in common, wherever a part of them is decided. */
import { glob } from "./name_pattern.ts";
import type { NamePattern, NumberRange, Settings } from "./settings/mod.ts";

/** Which flows are handed out. */
export type FilterSettings = Settings["filter"];

/** The patterns of one key. */
export interface Patterns<Pattern> {
  match: readonly Pattern[];
  not_match: readonly Pattern[];
}

/** Which ends of a flow an address or a port may be; enum ends of bpf/filter.h. */
export const Ends = { SOURCE: 1, DESTINATION: 2, EITHER: 3 } as const;

/** What is known of a device; of a recorded one not everything. */
export interface NamedDevice {
  name: string | undefined;
  ifindex: number | undefined;
}

/** Whether a key has anything to say. */
export function hasPatterns<Pattern>(patterns: Patterns<Pattern> | undefined): patterns is Patterns<Pattern> {
  return patterns !== undefined && patterns.match.length + patterns.not_match.length > 0;
}

/** A key's rule: no pattern of not_match meets the value, and one of match does, or there is none. */
export function passes<Pattern>(
  { match, not_match }: Patterns<Pattern>,
  meets: (pattern: Pattern) => boolean,
): boolean {
  return !not_match.some(meets) && (match.length === 0 || match.some(meets));
}

/** Whether something that is not known passes: it meets no pattern. */
export function unknownPasses(...keys: Array<Patterns<unknown> | undefined>): boolean {
  return keys.every((key) => !key || key.match.length === 0);
}

/** Says whether something passes that has these names, every one of which may meet a pattern. */
export type NamesPass = (...names: readonly string[]) => boolean;

/** A key of globs. undefined: everything passes. */
export function namesPass(
  patterns: Patterns<NamePattern> | undefined,
  { ignoreCase = false } = {},
): NamesPass | undefined {
  if (!hasPatterns(patterns)) return undefined;
  const read = ({ text }: NamePattern) => glob(text, { ignoreCase });
  const globs = { match: patterns.match.map(read), not_match: patterns.not_match.map(read) };
  return (...names) => passes(globs, (meets) => names.some(meets));
}

/** A key of numbers: 1 for each number below `size` that passes. undefined: all do. */
export function numbersPass(patterns: Patterns<NumberRange> | undefined, size: number): Uint8Array | undefined {
  if (!hasPatterns(patterns)) return undefined;
  const pass = new Uint8Array(size).fill(patterns.match.length ? 0 : 1);
  for (const { least, most } of patterns.match) pass.fill(1, least, most + 1);
  for (const { least, most } of patterns.not_match) pass.fill(0, least, most + 1);
  return pass;
}

/** Devices are looked at, or not: what one that is not sees is as if weir were not there. */
export function devicesPass(
  { interface_name: names, interface_index: indexes }: FilterSettings["network"],
): ((device: NamedDevice) => boolean) | undefined {
  const namePasses = namesPass(names);
  const byIndex = hasPatterns(indexes) ? indexes : undefined;
  if (!namePasses && !byIndex) return undefined;
  return ({ name, ifindex }) => {
    if (namePasses && !(name === undefined ? unknownPasses(names) : namePasses(name))) return false;
    if (!byIndex) return true;
    if (ifindex === undefined) return unknownPasses(byIndex);
    return passes(byIndex, ({ least, most }) => ifindex >= least && ifindex <= most);
  };
}

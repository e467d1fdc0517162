/** A filter's addresses, of both ends at once: every address has one answer; neighbours with the same are a range. */
import { Ends, hasPatterns, type Patterns } from "./filter_keys.ts";
import type { FlowRecord, Side } from "./flow_record.ts";
import type { AddressPattern } from "./settings/mod.ts";

type AddressKey = Patterns<AddressPattern> | undefined;

/** Ranges of addresses as numbers, IPv4 mapped into IPv6. The first begins at 0, each ends before the next. */
export interface AddressVerdicts {
  starts: bigint[];
  /** Which ends of a flow a range's addresses may be: Ends. */
  ends: number[];
}

const WORD_PLACES = [0, 1, 2, 3] as const;
const ADDRESS_BITS = 128;
const ADDRESSES = 1n << BigInt(ADDRESS_BITS);

/** What meets the addresses of a prefix, its own pattern and those of all shorter prefixes around it. */
const Met = { SOURCE: 1, SOURCE_NOT: 2, DESTINATION: 4, DESTINATION_NOT: 8 } as const;

interface Prefix {
  start: bigint;
  /** The first address behind it. */
  end: bigint;
  met: number;
}

/** undefined: every address may be either end. */
export function addressVerdicts(source: AddressKey, destination: AddressKey): AddressVerdicts | undefined {
  if (!hasPatterns(source) && !hasPatterns(destination)) return undefined;
  const prefixes = [
    ...prefixesOf(source?.match, Met.SOURCE),
    ...prefixesOf(source?.not_match, Met.SOURCE_NOT),
    ...prefixesOf(destination?.match, Met.DESTINATION),
    ...prefixesOf(destination?.not_match, Met.DESTINATION_NOT),
  ].sort((a, b) => compare(a.start, b.start) || compare(b.end, a.end));
  const endsOf = (met: number) =>
    (isLet(source, met & Met.SOURCE, met & Met.SOURCE_NOT) ? Ends.SOURCE : 0) |
    (isLet(destination, met & Met.DESTINATION, met & Met.DESTINATION_NOT) ? Ends.DESTINATION : 0);
  return rangesOf(prefixes, endsOf);
}

function isLet(patterns: AddressKey, met: number, metNot: number): boolean {
  return !metNot && (met !== 0 || !patterns?.match.length);
}

function prefixesOf(patterns: readonly AddressPattern[] = [], met: number): Prefix[] {
  return patterns.map(({ address, prefixBits }) => {
    const start = BigInt(`0x${address.toHex()}`);
    return { start, end: start + (1n << BigInt(ADDRESS_BITS - prefixBits)), met };
  });
}

/** Prefixes contain each other or have nothing in common: those around the one in hand are a stack. */
function rangesOf(prefixes: readonly Prefix[], endsOf: (met: number) => number): AddressVerdicts {
  const ranges: AddressVerdicts = { starts: [], ends: [] };
  const around: Prefix[] = [{ start: 0n, end: ADDRESSES, met: 0 }];
  add(ranges, 0n, endsOf(0));
  const leave = (until: bigint) => {
    while (around.at(-1)!.end <= until) {
      const { end } = around.pop()!;
      if (end < ADDRESSES) add(ranges, end, endsOf(around.at(-1)!.met));
    }
  };
  for (const { start, end, met } of prefixes) {
    leave(start);
    around.push({ start, end, met: met | around.at(-1)!.met });
    add(ranges, start, endsOf(around.at(-1)!.met));
  }
  leave(ADDRESSES - 1n);
  return ranges;
}

/** A later word about the same start is of a longer prefix: it stands. */
function add({ starts, ends }: AddressVerdicts, start: bigint, end: number): void {
  if (starts.at(-1) === start) {
    starts.pop();
    ends.pop();
  }
  if (ends.at(-1) === end) return;
  starts.push(start);
  ends.push(end);
}

/** The same ranges for addresses as records have them: in words, and without making a number of 128 bits. */
export class AddressRanges {
  readonly #starts: Int32Array;
  readonly #ends: Uint8Array;

  constructor({ starts, ends }: AddressVerdicts) {
    this.#starts = Int32Array.from(starts.flatMap(wordsOf));
    this.#ends = Uint8Array.from(ends);
  }

  /** Which ends a record's address may be. */
  endsOf(record: FlowRecord, side: Side): number {
    let [low, high] = [0, this.#ends.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#beginsBehind(middle, record, side)) high = middle;
      else low = middle;
    }
    return this.#ends[low]!;
  }

  #beginsBehind(range: number, record: FlowRecord, side: Side): boolean {
    for (const place of WORD_PLACES) {
      const start = this.#starts[range * WORD_PLACES.length + place]!;
      const word = record.addressWord(side, place);
      if (start !== word) return start >>> 0 > word >>> 0;
    }
    return false;
  }
}

/** From the most significant on. */
function wordsOf(address: bigint): number[] {
  return WORD_PLACES.map((place) => Number(BigInt.asIntN(32, address >> BigInt(96 - 32 * place))));
}

/** The last range that begins at an address or before it. */
export function rangeOf(starts: readonly bigint[], address: bigint): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= address) low = middle;
    else high = middle;
  }
  return low;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

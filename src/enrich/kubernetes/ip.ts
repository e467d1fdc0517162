/** IP addresses as four words, IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2): what an index can compare without text. */
import { addressText } from "../../address.ts";

/** The third word of every mapped IPv4 address. */
const MAPPED_WORD = 0x0000ffff;
const MAPPED_BITS = 96;
const GROUPS = 8;

/** Signed 32-bit numbers, the first one the most significant. */
export interface IpWords {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

export class Ip implements IpWords {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;

  constructor(w0: number, w1: number, w2: number, w3: number) {
    this.w0 = w0;
    this.w1 = w1;
    this.w2 = w2;
    this.w3 = w3;
  }

  equals(other: IpWords): boolean {
    return this.w3 === other.w3 && this.w2 === other.w2 && this.w1 === other.w1 && this.w0 === other.w0;
  }

  toString(): string {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    [this.w0, this.w1, this.w2, this.w3].forEach((word, place) => view.setInt32(place * 4, word));
    return addressText(bytes);
  }
}

/** Reads an address as text, "10.0.0.1" or "2001:db8::1"; undefined when it is none. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(":")) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : new Ip(0, 0, MAPPED_WORD, word);
  }
  const groups = ipv6Groups(text);
  if (!groups) return undefined;
  const word = (at: number) => (groups[at]! << 16) | groups[at + 1]!;
  return new Ip(word(0), word(2), word(4), word(6));
}

function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let word = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = Number(match[i]);
    if (byte > 255) return undefined;
    word = (word << 8) | byte;
  }
  return word;
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2). */
function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const parts = halves.map((half) => half === "" ? [] : half.split(":").flatMap(groupsOf));
  const [head, tail] = parts;
  if (parts.flat().some(Number.isNaN)) return undefined;
  if (!tail) return head!.length === GROUPS ? head : undefined;
  const zeros = GROUPS - head!.length - tail.length;
  return zeros < 1 ? undefined : [...head!, ...Array<number>(zeros).fill(0), ...tail];
}

/** One group, or the two of a dotted end; NaN for what is none. */
function groupsOf(part: string): number[] {
  if (/^[0-9a-f]{1,4}$/i.test(part)) return [parseInt(part, 16)];
  const word = parseIpv4(part);
  return word === undefined ? [NaN] : [word >>> 16, word & 0xffff];
}

/** An IPv4 address is its own hash but for a constant; of IPv6 all words matter. */
export function hashOf(w0: number, w1: number, w2: number, w3: number): number {
  return Math.imul(Math.imul(Math.imul(w0, 31) ^ w1, 31) ^ w2, 31) ^ w3;
}

function isMapped({ w0, w1, w2 }: IpWords): boolean {
  return w2 === MAPPED_WORD && w1 === 0 && w0 === 0;
}

/** A range of addresses. */
export class Cidr {
  readonly #ip: Ip;
  readonly #masks: readonly [number, number, number, number];
  readonly bits: number;

  /** bits: of 128; an IPv4 prefix counts from the mapped address. */
  constructor(ip: Ip, bits: number) {
    this.#ip = ip;
    this.bits = bits;
    const mask = (word: number) => {
      const own = Math.min(32, Math.max(0, bits - word * 32));
      return own === 0 ? 0 : -1 << (32 - own);
    };
    this.#masks = [mask(0), mask(1), mask(2), mask(3)];
  }

  /** A number that addresses of the range have in common. */
  get prefix(): number {
    return this.prefixOf(this.#ip);
  }

  /** The prefix of a range of the same size that has the address. */
  prefixOf({ w0, w1, w2, w3 }: IpWords): number {
    const [m0, m1, m2, m3] = this.#masks;
    return hashOf(w0 & m0, w1 & m1, w2 & m2, w3 & m3);
  }

  /** IPv4 is mapped into IPv6 here only: a range of IPv6 that reaches around the mapped addresses has none of them. */
  contains(ip: IpWords): boolean {
    if (this.bits < MAPPED_BITS && isMapped(ip)) return false;
    const own = this.#ip;
    const [m0, m1, m2, m3] = this.#masks;
    return ((own.w3 ^ ip.w3) & m3) === 0 && ((own.w2 ^ ip.w2) & m2) === 0 && ((own.w1 ^ ip.w1) & m1) === 0 &&
      ((own.w0 ^ ip.w0) & m0) === 0;
  }
}

/** Many ranges of few sizes: those of all nodes. */
export class CidrSet {
  readonly #bySize = new Map<number, { example: Cidr; prefixes: Set<number> }>();

  constructor(ranges: Iterable<Cidr>) {
    for (const range of ranges) {
      let ofSize = this.#bySize.get(range.bits);
      if (!ofSize) this.#bySize.set(range.bits, ofSize = { example: range, prefixes: new Set() });
      ofSize.prefixes.add(range.prefix);
    }
  }

  /** Whether one of them contains the address. Two prefixes may look the same: it can be true of too many. */
  mayContain(ip: IpWords): boolean {
    const isIpv4 = isMapped(ip);
    for (const { example, prefixes } of this.#bySize.values()) {
      if (isIpv4 && example.bits < MAPPED_BITS) continue;
      if (prefixes.has(example.prefixOf(ip))) return true;
    }
    return false;
  }
}

/** Reads "10.0.0.0/8" or "2001:db8::/32"; undefined when it is no range. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, bits, more] = text.split("/");
  const ip = parseIp(address ?? "");
  if (!ip || more !== undefined || !/^\d{1,3}$/.test(bits ?? "")) return undefined;
  const isDotted = !address!.includes(":");
  const count = Number(bits);
  if (count > (isDotted ? 32 : 128)) return undefined;
  return new Cidr(ip, isDotted ? MAPPED_BITS + count : count);
}

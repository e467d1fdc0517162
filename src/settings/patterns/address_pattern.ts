/** Addresses and address prefixes of filters. */
import { isMapped } from "../../address.ts";
import { parseAddress } from "../../parse_address.ts";

/** All addresses that begin with the same bits. */
export interface AddressPattern {
  /** As it was written. */
  text: string;
  /** 16 bytes, IPv4 mapped into IPv6; behind the prefix all zeros. */
  address: Uint8Array<ArrayBuffer>;
  /** Of the 128: 10.0.0.0/8 has 104. */
  prefixBits: number;
}

const MAPPED_PREFIX_BITS = 96;

/** "10.0.0.0/8", "2001:db8::/32", or an address alone; undefined where it is none of them. */
export function parseAddressPattern(text: string): AddressPattern | undefined {
  const [, addressPart = "", lengthPart] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(addressPart);
  if (!address) return undefined;
  const offset = isMapped(address) && !addressPart.includes(":") ? MAPPED_PREFIX_BITS : 0;
  const prefixBits = lengthPart === undefined ? 128 : offset + Number(lengthPart);
  if (prefixBits > 128) return undefined;
  for (let bit = prefixBits; bit < 128; bit++) address[bit >> 3]! &= ~(0x80 >> (bit & 7));
  return { text, address, prefixBits };
}

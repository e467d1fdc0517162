// Addresses and digests as text, straight into the span.

import { DECIMAL, piece } from "./pieces";

const COLON: u8 = 0x3a;
const DOT: u8 = 0x2e;

@inline
function hexDigit(nibble: u32): u8 {
  return <u8>(nibble + (nibble < 10 ? 0x30 : 0x57));
}

@inline
export function decimalByte(out: usize, value: u32): usize {
  const digits = load<u32>(piece(DECIMAL) + (<usize>value << 2));
  store<u32>(out, digits);
  return out + (digits >> 24);
}

/** The 16 bytes at `address`: dotted where IPv4 is mapped, else as RFC 5952 wants it. */
export function addressText(out: usize, address: usize, isIpv4: bool): usize {
  if (!isIpv4) return ipv6Text(out, address);
  const bytes = load<u32>(address, 12);
  out = decimalByte(out, bytes & 0xff);
  store<u8>(out, DOT);
  out = decimalByte(out + 1, bytes >> 8 & 0xff);
  store<u8>(out, DOT);
  out = decimalByte(out + 1, bytes >> 16 & 0xff);
  store<u8>(out, DOT);
  return decimalByte(out + 1, bytes >> 24);
}

@inline
function group(address: usize, index: u32): u32 {
  return <u32>bswap<u16>(load<u16>(address + (<usize>index << 1)));
}

function ipv6Text(out: usize, address: usize): usize {
  // the longest run of zero groups, the first of equals; a single one is written out
  let start: u32 = 8;
  let length: u32 = 1;
  for (let i: u32 = 0; i < 8; i++) {
    let run: u32 = 0;
    while (i + run < 8 && !group(address, i + run)) run++;
    if (run > length) {
      start = i;
      length = run;
    }
    i += run;
  }
  for (let i: u32 = 0; i < 8; i++) {
    if (i == start) {
      store<u16>(out, 0x3a3a);
      out += 2;
      i += length - 1;
      continue;
    }
    if (i && i != start + length) store<u8>(out++, COLON);
    out = hexGroup(out, group(address, i));
  }
  return out;
}

@inline
function hexGroup(out: usize, value: u32): usize {
  if (value > 0xfff) store<u8>(out++, hexDigit(value >> 12));
  if (value > 0xff) store<u8>(out++, hexDigit(value >> 8 & 0xf));
  if (value > 0xf) store<u8>(out++, hexDigit(value >> 4 & 0xf));
  store<u8>(out, hexDigit(value & 0xf));
  return out + 1;
}

@inline
function base64Digit(six: u32): u8 {
  if (six < 26) return <u8>(six + 0x41);
  if (six < 52) return <u8>(six + 0x47);
  if (six < 62) return <u8>(six - 4);
  return six == 62 ? 0x2b : 0x2f;
}

/** Twenty bytes as 28 characters (RFC 4648, 4). */
export function base64Digest(out: usize, digest: usize): usize {
  for (let i: usize = 0; i < 18; i += 3, out += 4) {
    const bits = bswap<u32>(load<u32>(digest + i)) >> 8;
    store<u8>(out, base64Digit(bits >> 18));
    store<u8>(out, base64Digit(bits >> 12 & 63), 1);
    store<u8>(out, base64Digit(bits >> 6 & 63), 2);
    store<u8>(out, base64Digit(bits & 63), 3);
  }
  const bits = (<u32>load<u8>(digest, 18) << 16) | (<u32>load<u8>(digest, 19) << 8);
  store<u8>(out, base64Digit(bits >> 18));
  store<u8>(out, base64Digit(bits >> 12 & 63), 1);
  store<u8>(out, base64Digit(bits >> 6 & 63), 2);
  store<u8>(out, 0x3d, 3);
  return out + 4;
}

/** Six bytes as "aa:bb:cc:dd:ee:ff". */
export function macText(out: usize, mac: usize): usize {
  for (let i: usize = 0; i < 6; i++) {
    if (i) store<u8>(out++, COLON);
    const byte = <u32>load<u8>(mac + i);
    store<u8>(out, hexDigit(byte >> 4));
    store<u8>(out, hexDigit(byte & 0xf), 1);
    out += 2;
  }
  return out;
}

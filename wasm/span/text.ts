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

/** Bytes of three in each lane, the first one on top: 24 bits to be cut in four. */
const FIRST_TWELVE = i8x16(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1);
const LAST_EIGHT = i8x16(2, 1, 0, -1, 5, 4, 3, -1, -1, 7, 6, -1, -1, -1, -1, -1);
const PADDING: u8 = 0x3d; // "="

/** Twenty bytes as 28 characters (RFC 4648, 4). Writes 32, and reads 28 from the digest on. */
@inline
export function base64Digest(out: usize, digest: usize): void {
  v128.store(out, base64(v128.swizzle(v128.load(digest), FIRST_TWELVE)));
  v128.store(out, base64(v128.swizzle(v128.load(digest, 12), LAST_EIGHT)), 16);
  store<u8>(out, PADDING, 27);
}

/** 24 bits of each lane as four characters. */
@inline
function base64(bits: v128): v128 {
  const sixes = v128.or(
    v128.or(i32x4.shr_u(bits, 18), v128.and(i32x4.shr_u(bits, 4), i32x4.splat(0x3f00))),
    v128.or(
      v128.and(i32x4.shl(bits, 10), i32x4.splat(0x3f0000)),
      i32x4.shl(v128.and(bits, i32x4.splat(0x3f)), 24),
    ),
  );
  // "A" for 0; then each run of the alphabet begins so much further on
  let text = i8x16.add(sixes, i8x16.splat(65));
  text = i8x16.add(text, v128.and(i8x16.gt_s(sixes, i8x16.splat(25)), i8x16.splat(6)));
  text = i8x16.sub(text, v128.and(i8x16.gt_s(sixes, i8x16.splat(51)), i8x16.splat(75)));
  text = i8x16.sub(text, v128.and(i8x16.gt_s(sixes, i8x16.splat(61)), i8x16.splat(15)));
  return i8x16.add(text, v128.and(i8x16.gt_s(sixes, i8x16.splat(62)), i8x16.splat(3)));
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

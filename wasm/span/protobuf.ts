// Protocol buffers, written from front to back. Every function returns where to go on. Lengths that are known only
// afterwards are filled in then; all of an attribute's fit one byte, which the host checks when it encodes the keys.
//
//   4a L   0a K key…   12 V   18 varint            an int attribute of a span
//   4a L   0a K key…   12 V   0a S text…           a string attribute
//      └── all that follows  └── value             (key pieces end before the varint or the text)

/**
 * Copies a piece, and up to 48 bytes behind its end. Most are shorter than 48 bytes, and three stores cost less than a
 * branch that guesses wrong.
 */
@inline
export function copyPiece(out: usize, piece: usize): usize {
  const length = <usize>load<u32>(piece - 4);
  v128.store(out, v128.load(piece));
  v128.store(out, v128.load(piece, 16), 16);
  v128.store(out, v128.load(piece, 32), 32);
  for (let i: usize = 48; i < length; i += 16) v128.store(out + i, v128.load(piece + i));
  return out + length;
}

/** Copies a piece if there is one. */
@inline
export function copyKnown(out: usize, piece: usize): usize {
  return piece ? copyPiece(out, piece) : out;
}

/**
 * Without a branch below 2^56: seven bits to a byte, a continuation bit on all but the last. Writes eight bytes,
 * however many it takes.
 */
@inline
export function varint(out: usize, value: u64): usize {
  if (value >> 56) return byteVarint(out, value);
  const last = <u32>(63 - clz<u64>(value | 1)) / 7;
  const spread = (value & 0x7f) | (value & 0x3f80) << 1 | (value & 0x1fc000) << 2 | (value & 0xfe00000) << 3 |
    (value & 0x7f0000000) << 4 | (value & 0x3f800000000) << 5 | (value & 0x1fc0000000000) << 6 |
    (value & 0xfe000000000000) << 7;
  const more: u64 = 0x8080808080808080 & (((<u64>1) << (last << 3)) - 1);
  store<u64>(out, spread | more);
  return out + last + 1;
}

/** Byte for byte: writes nothing behind its end. */
export function byteVarint(out: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(out++, <u8>value | 0x80);
    value >>= 7;
  }
  store<u8>(out, <u8>value);
  return out + 1;
}

/** An attribute with an int. */
@inline
export function int(out: usize, key: usize, value: u64): usize {
  const valueAt = copyPiece(out, key);
  const end = varint(valueAt, value);
  store<u8>(valueAt - 2, <u8>(end - valueAt + 1));
  store<u8>(out + 1, <u8>(end - out - 2));
  return end;
}

/** Fills in the lengths of an attribute with a text that lies between textAt and end. */
@inline
export function closeText(out: usize, textAt: usize, end: usize): usize {
  const length = end - textAt;
  store<u8>(textAt - 1, <u8>length);
  store<u8>(textAt - 3, <u8>(length + 2));
  store<u8>(out + 1, <u8>(end - out - 2));
  return end;
}

// SHA-1 (FIPS 180-4) of short messages. Not for secrets: the Community ID asks for it, and ids need only spread well.

const MESSAGE_MAX: u32 = 119; // two blocks
const SCHEDULE: usize = memory.data(320); // 80 words
const BLOCKS: usize = memory.data(128);

/** Writes the 20-byte digest of `length` bytes at `message` to `digest`. length ≤ 119. */
export function sha1(message: usize, length: u32, digest: usize): void {
  assert(length <= MESSAGE_MAX);
  const blocks: u32 = length <= 55 ? 1 : 2;
  memory.fill(BLOCKS, 0, 128);
  memory.copy(BLOCKS, message, length);
  store<u8>(BLOCKS + length, 0x80);
  store<u32>(BLOCKS + blocks * 64 - 4, bswap<u32>(length * 8));

  let h0: u32 = 0x67452301;
  let h1: u32 = 0xefcdab89;
  let h2: u32 = 0x98badcfe;
  let h3: u32 = 0x10325476;
  let h4: u32 = 0xc3d2e1f0;
  for (let block: u32 = 0; block < blocks; block++) {
    expand(BLOCKS + block * 64);
    let a = h0, b = h1, c = h2, d = h3, e = h4;
    for (let i: usize = 0; i < 80; i++) {
      let f: u32, k: u32;
      if (i < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (i < 40) {
        f = b ^ c ^ d;
        k = 0x6ed9eba1;
      } else if (i < 60) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      } else {
        f = b ^ c ^ d;
        k = 0xca62c1d6;
      }
      const next = rotl<u32>(a, 5) + f + e + k + load<u32>(SCHEDULE + (i << 2));
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = next;
    }
    h0 += a;
    h1 += b;
    h2 += c;
    h3 += d;
    h4 += e;
  }
  store<u32>(digest, bswap<u32>(h0));
  store<u32>(digest, bswap<u32>(h1), 4);
  store<u32>(digest, bswap<u32>(h2), 8);
  store<u32>(digest, bswap<u32>(h3), 12);
  store<u32>(digest, bswap<u32>(h4), 16);
}

function expand(block: usize): void {
  for (let i: usize = 0; i < 16; i++) store<u32>(SCHEDULE + (i << 2), bswap<u32>(load<u32>(block + (i << 2))));
  for (let i: usize = 16; i < 80; i++) {
    const word = SCHEDULE + (i << 2);
    const mixed = load<u32>(word - 12) ^ load<u32>(word - 32) ^ load<u32>(word - 56) ^ load<u32>(word - 64);
    store<u32>(word, rotl<u32>(mixed, 1));
  }
}

import assert from "node:assert/strict";
import type { Bytes } from "../support/packet.ts";
import { pcapFile } from "../support/pcap_writer.ts";
import { readCapture } from "../support/read_capture.ts";

const text = (content: string): Bytes => new TextEncoder().encode(content);

const OTHERS: Array<[string, Bytes, RegExp]> = [
  ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /looks like gzip: gunzip it first, or: zcat FILE \| weir replay -/],
  ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0), /looks like zstd: unzstd/],
  ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), /looks like xz: unxz/],
  ["bzip2", text("BZh91AY&SY"), /looks like bzip2: bunzip2/],
  ["lz4", Uint8Array.of(4, 0x22, 0x4d, 0x18), /looks like lz4: unlz4/],
  ["zip", Uint8Array.of(0x50, 0x4b, 3, 4), /looks like zip: unzip/],
  ["snoop", text("snoop\0\0\0\0\0\0\x02"), /looks like a snoop capture: convert it: editcap/],
  ["a program", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2), /looks like a program/],
  ["text", text("17:03:21.000 IP 10.0.0.1 > 10.0.0.2\n"), /looks like text/],
  ["two letters", text("hi"), /looks like text/],
  ["zeros", new Uint8Array(4_096), /begins with zeros/],
  ["anything else", Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1), /begins with the bytes de ad be ef/],
];

for (const [what, file, message] of OTHERS) {
  Deno.test(`CaptureReader says of ${what} what it looks like`, () => {
    for (const chunkBytes of [1, 65_536]) {
      const { frames, error } = readCapture(file, chunkBytes);
      assert.equal(frames.length, 0);
      assert.equal(error?.offset, 0);
      assert.match(error.message, /^at offset 0: no pcap or pcapng file: it /);
      assert.match(error.message, message);
    }
  });
}

Deno.test("CaptureReader says that an empty file is empty", () => {
  assert.equal(readCapture(new Uint8Array(0)).error?.message, "at offset 0: the file is empty");
});

Deno.test("CaptureReader reads a file much longer than what it holds of it", () => {
  const frames = Array.from({ length: 997 }, (_, i) => ({ timeNs: BigInt(i), data: new Uint8Array(9_001).fill(i) }));
  const file = pcapFile(frames, { nanoseconds: true });
  assert(file.length > 8 << 20);
  const read = readCapture(file, 1_000_003);
  assert.equal(read.error, undefined);
  assert.equal(read.frames.length, frames.length);
  for (const [i, { data, timeNs }] of read.frames.entries()) {
    assert.equal(timeNs, BigInt(i));
    assert.deepEqual([data[0], data.at(-1)], [i & 0xff, i & 0xff]);
  }
});

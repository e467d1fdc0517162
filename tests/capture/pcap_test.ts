import assert from "node:assert/strict";
import { concat, ethernet, ipv4, packet, patch, udp } from "../support/packet.ts";
import { pcapFile, type PcapOptions, type WrittenFrame } from "../support/pcap_writer.ts";
import { readCapture } from "../support/read_capture.ts";

const START_NS = 1_700_000_000_123_456_000n;
const FRAMES: WrittenFrame[] = [
  { timeNs: START_NS, data: packet(ethernet(), ipv4(), udp(), 3) },
  { timeNs: START_NS + 1_000n, data: packet(ethernet(), ipv4(), udp(), 17), frameBytes: 1_400 },
  { timeNs: START_NS + 5_000_000_000n, data: new Uint8Array(0), frameBytes: 60 },
];
const FILE_HEADER_BYTES = 24;

const VARIANTS: Array<[string, PcapOptions]> = [
  ["little-endian microseconds", {}],
  ["big-endian microseconds", { bigEndian: true }],
  ["little-endian nanoseconds", { nanoseconds: true }],
  ["big-endian nanoseconds", { bigEndian: true, nanoseconds: true }],
  ["Kuznetzov's", { kuznetzov: true }],
  ["big-endian Kuznetzov's", { kuznetzov: true, bigEndian: true }],
];

for (const [name, options] of VARIANTS) {
  Deno.test(`PcapReader reads ${name} files, however the bytes come`, () => {
    const file = pcapFile(FRAMES, options);
    for (const chunkBytes of [1, 7, 65_536]) {
      const { frames, error } = readCapture(file, chunkBytes);
      assert.equal(error, undefined);
      assert.deepEqual(
        frames.map(({ timeNs, data, frameBytes }) => ({ timeNs, data, frameBytes })),
        FRAMES.map(({ timeNs, data, frameBytes }) => ({ timeNs, data, frameBytes: frameBytes ?? data.length })),
      );
      assert(frames.every((frame) => frame.interface.linkType === 1));
    }
  });
}

Deno.test("PcapReader keeps nanoseconds where the file has them", () => {
  const frames = [{ timeNs: 1_700_000_000_123_456_789n, data: FRAMES[0]!.data }];
  assert.equal(readCapture(pcapFile(frames, { nanoseconds: true })).frames[0]!.timeNs, 1_700_000_000_123_456_789n);
  assert.equal(readCapture(pcapFile(frames)).frames[0]!.timeNs, 1_700_000_000_123_456_000n);
});

Deno.test("PcapReader takes ifindex and direction from Kuznetzov's records", () => {
  const frames = [
    { ...FRAMES[0]!, interface: 7, outgoing: true },
    { ...FRAMES[1]!, interface: 3 },
  ];
  const read = readCapture(pcapFile(frames, { kuznetzov: true })).frames;
  assert.deepEqual(read.map(({ ifindex, outgoing }) => [ifindex, outgoing]), [[7, true], [3, false]]);
});

Deno.test("PcapReader ignores what stands above the link type: checksum lengths", () => {
  const file = pcapFile(FRAMES, { linkType: 0x4400_0000 | 101 });
  assert.equal(readCapture(file).frames[0]!.interface.linkType, 101);
});

Deno.test("PcapReader takes a frame that is longer than its own length says for as long as it is", () => {
  const file = pcapFile([{ ...FRAMES[1]!, frameBytes: 4 }]);
  assert.equal(readCapture(file).frames[0]!.frameBytes, FRAMES[1]!.data.length);
});

Deno.test("PcapReader refuses a version that it does not know", () => {
  const { error } = readCapture(pcapFile(FRAMES, { versionMajor: 3 }));
  assert.equal(error?.message, "at offset 4: version 3.4 of pcap is unknown; 2.4 is known");
});

Deno.test("PcapReader says where a record claims the impossible, and keeps what was before", () => {
  const file = pcapFile(FRAMES);
  const second = FILE_HEADER_BYTES + 16 + FRAMES[0]!.data.length;
  const { frames, error } = readCapture(patch(file, second + 8, 0xff, 0xff, 0xff, 0xff));
  assert.equal(frames.length, 1);
  assert.equal(error?.offset, second);
  assert.match(error.message, /claims 4294967295 captured bytes, more than the 262144 that there can be/);
});

Deno.test("PcapReader reads the longest frame that there can be", () => {
  const data = new Uint8Array(262_144).fill(7);
  const { frames, error } = readCapture(pcapFile([{ timeNs: 1n, data }, FRAMES[0]!]), 100_003);
  assert.equal(error, undefined);
  assert.deepEqual(frames.map((frame) => frame.data.length), [262_144, FRAMES[0]!.data.length]);
});

Deno.test("PcapReader says of a file cut at any byte where it ends, and reads what is whole", () => {
  for (const options of [{}, { kuznetzov: true, bigEndian: true }]) {
    const file = pcapFile(FRAMES, options);
    const headerBytes = options.kuznetzov ? 24 : 16;
    const ends = [FILE_HEADER_BYTES];
    for (const { data } of FRAMES) ends.push(ends.at(-1)! + headerBytes + data.length);
    for (let length = 0; length <= file.length; length++) {
      const { frames, error } = readCapture(file.subarray(0, length));
      assert.equal(frames.length, Math.max(0, ends.filter((end) => end <= length).length - 1), `${length} bytes`);
      if (ends.includes(length)) {
        assert.equal(error, undefined, `${length} bytes`);
        continue;
      }
      const begun = ends.findLast((end) => end < length) ?? 0;
      assert.equal(error?.offset, begun, `${length} bytes`);
      assert.match(error.message, length === 0 ? /is empty/ : length < 4 ? /no pcap/ : /ends inside/);
    }
  }
});

Deno.test("PcapReader's errors say how much of a record there is", () => {
  const file = pcapFile([FRAMES[1]!]);
  assert.match(readCapture(file.subarray(0, 30)).error!.message, /inside a record's header, 6 of 16 bytes/);
  assert.match(readCapture(file.subarray(0, 50)).error!.message, /inside a record, 10 of its 59 captured bytes/);
  assert.match(readCapture(file.subarray(0, 10)).error!.message, /inside its header, 10 of 24 bytes/);
});

Deno.test("PcapReader takes times past what a clock can hold for the last that it can", () => {
  const file = patch(pcapFile([FRAMES[0]!]), FILE_HEADER_BYTES, ...Array<number>(8).fill(0xff));
  const { frames, error } = readCapture(file);
  assert.equal(error, undefined);
  assert(frames[0]!.timeNs <= 1n << 62n);
});

Deno.test("PcapReader reads two records that come in one chunk as if each came alone", () => {
  const file = pcapFile([...FRAMES, ...FRAMES]);
  assert.equal(readCapture(concat(file)).frames.length, 6);
});

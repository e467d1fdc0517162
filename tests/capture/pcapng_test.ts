import assert from "node:assert/strict";
import { timeUnit } from "../../src/capture/pcap/time_unit.ts";
import { concat, ethernet, ipv4, packet, patch, udp } from "../support/packet.ts";
import {
  block,
  interfaceBlock,
  packetBlock,
  pcapngFile,
  type PcapngOptions,
  sectionHeader,
  type WrittenFrame,
} from "../support/pcap_writer.ts";
import { readCapture } from "../support/read_capture.ts";

const START_NS = 1_700_000_000_123_456_000n;
const FRAMES: WrittenFrame[] = [
  { timeNs: START_NS, data: packet(ethernet(), ipv4(), udp(), 3) },
  { timeNs: START_NS + 1_000n, data: packet(ethernet(), ipv4(), udp(), 17), frameBytes: 1_400, outgoing: true },
  { timeNs: START_NS + 5_000_000_000n, data: new Uint8Array(0), frameBytes: 60, outgoing: false },
];
const INTERFACE = interfaceBlock({});
const SECTION = sectionHeader();

const VARIANTS: Array<[string, PcapngOptions]> = [
  ["little-endian", {}],
  ["big-endian", { bigEndian: true }],
  ["nanosecond", { interfaces: [{ resolution: 9 }] }],
  ["picosecond", { interfaces: [{ resolution: 12, offsetS: 1_699_999_000n }] }],
  ["binary", { interfaces: [{ resolution: 0x80 | 30 }] }],
  ["offset", { interfaces: [{ offsetS: 1_600_000_000n }], bigEndian: true }],
  ["negatively offset", { interfaces: [{ offsetS: -86_400n, resolution: 9 }] }],
  ["old packet", { packets: "old" }],
  ["big-endian old packet", { packets: "old", bigEndian: true }],
];

for (const [name, options] of VARIANTS) {
  Deno.test(`PcapngReader reads ${name} files, however the bytes come`, () => {
    const file = pcapngFile(FRAMES, options);
    for (const chunkBytes of [1, 13, 65_536]) {
      const { frames, error } = readCapture(file, chunkBytes);
      assert.equal(error, undefined);
      assert.deepEqual(
        frames.map(({ data, frameBytes, outgoing }) => ({ data, frameBytes, outgoing })),
        FRAMES.map(({ data, frameBytes, outgoing }) => ({
          data,
          frameBytes: frameBytes ?? data.length,
          outgoing: outgoing ?? false,
        })),
      );
      for (const [i, { timeNs }] of frames.entries()) {
        // a binary fraction is no whole number of nanoseconds
        assert(FRAMES[i]!.timeNs - timeNs <= 1n && timeNs <= FRAMES[i]!.timeNs, `${timeNs}`);
      }
    }
  });
}

Deno.test("PcapngReader gives simple packets the time before them and their interface's snap length", () => {
  const data = packet(ethernet(), ipv4(), udp(), 100);
  const simple = (frameBytes: number, kept: number) =>
    packetBlock({ timeNs: 0n, data: data.slice(0, kept), frameBytes }, { packets: "simple" });
  const file = concat(
    SECTION,
    interfaceBlock({ snapBytes: 64 }),
    simple(50, 50),
    packetBlock({ timeNs: START_NS, data: data.slice(0, 20) }),
    simple(data.length, 64),
  );
  const { frames, error } = readCapture(file);
  assert.equal(error, undefined);
  assert.deepEqual(
    frames.map(({ timeNs, frameBytes, data }) => [timeNs, frameBytes, data.length]),
    [[0n, 50, 50], [START_NS, 20, 20], [START_NS, data.length, 64]],
  );
});

Deno.test("PcapngReader keeps a list of interfaces for each section", () => {
  const first = pcapngFile([{ ...FRAMES[0]!, interface: 1 }], {
    interfaces: [{ name: "eth0" }, { name: "eth1", resolution: 9, linkType: 101 }],
  });
  const second = pcapngFile([FRAMES[0]!], { interfaces: [{ name: "wlan0" }], bigEndian: true });
  const { frames, error } = readCapture(concat(first, second));
  assert.equal(error, undefined);
  assert.deepEqual(
    frames.map(({ interface: { index, name, linkType }, timeNs }) => [index, name, linkType, timeNs]),
    [[1, "eth1", 101, START_NS], [0, "wlan0", 1, START_NS]],
  );
});

Deno.test("PcapngReader passes over blocks that it does not know, even the longest", () => {
  const unknown = block(0x0bad, new Uint8Array(40));
  const long = block(0x0bad, new Uint8Array(3 << 20));
  const file = concat(SECTION, unknown, INTERFACE, long, packetBlock(FRAMES[0]!), unknown);
  const { frames, error } = readCapture(file);
  assert.equal(error, undefined);
  assert.equal(frames.length, 1);
});

const BROKEN: Array<[string, Uint8Array<ArrayBuffer>, number, RegExp]> = [
  ["a section without byte order", patch(SECTION, 8, 0, 0, 0, 0), 8, /without the byte order's magic/],
  ["another version", sectionHeader(false, 2), 12, /version 2\.0 of pcapng is unknown/],
  ["a block of 8 bytes", concat(SECTION, patch(INTERFACE, 4, 8)), 28, /interface description\) claims 8 bytes/],
  ["a block of 22 bytes", concat(SECTION, patch(INTERFACE, 4, 22)), 28, /claims 22 bytes: at least 12, in fours/],
  ["two lengths", concat(SECTION, patch(INTERFACE, 16, 24)), 44, /says 20 bytes at its start and 24 at its end/],
  ["a packet of 2 MiB", concat(SECTION, patch(packetBlock(FRAMES[0]!), 4, 0, 0, 32)), 28, /more than the 1048576/],
  ["a packet without interface", concat(SECTION, packetBlock(FRAMES[0]!)), 28, /names interface 0, but .* has 0/],
  ["a packet too short", concat(SECTION, INTERFACE, block(6, new Uint8Array(8))), 48, /has no room for its fields/],
  ["a simple packet too short", concat(SECTION, INTERFACE, block(3, new Uint8Array(0))), 48, /has no room/],
  ["an interface too short", concat(SECTION, block(1, new Uint8Array(4))), 28, /of 16 bytes has no room/],
  ["a section too short", block(0x0a0d0d0a, Uint8Array.of(0x4d, 0x3c, 0x2b, 0x1a)), 0, /has no room/],
  [
    "more captured than its block holds",
    concat(SECTION, INTERFACE, patch(packetBlock(FRAMES[0]!), 20, 80)),
    48,
    /claims 80 captured bytes, its block holds 48/,
  ],
  [
    "more captured than there can be",
    concat(SECTION, INTERFACE, packetBlock({ timeNs: 0n, data: new Uint8Array(262_148) })),
    48,
    /claims 262148 captured bytes, there can be 262144/,
  ],
  [
    "a simple packet longer than its block",
    concat(SECTION, INTERFACE, patch(packetBlock(FRAMES[0]!, { packets: "simple" }), 8, 80)),
    48,
    /claims 80 captured bytes, its block holds 48/,
  ],
  [
    "an option longer than its block",
    concat(SECTION, patch(interfaceBlock({ name: "eth0" }), 18, 200)),
    44,
    /option 2 claims 200 bytes, 8 are left/,
  ],
  [
    "a section of too many interfaces",
    concat(SECTION, ...Array<Uint8Array<ArrayBuffer>>(65_537).fill(INTERFACE)),
    28 + 65_536 * 20,
    /more than 65536 interfaces/,
  ],
];

for (const [what, file, offset, message] of BROKEN) {
  Deno.test(`PcapngReader refuses ${what}, and says where`, () => {
    const { error } = readCapture(file);
    assert(error, "was read without an error");
    assert.equal(error.offset, offset, error.message);
    assert.match(error.message, message);
  });
}

Deno.test("PcapngReader says of a file cut at any byte where it ends, and reads what is whole", () => {
  const blocks = [
    SECTION,
    interfaceBlock({ name: "eth0", resolution: 9 }),
    packetBlock(FRAMES[0]!),
    block(0x0bad, new Uint8Array(16)),
    packetBlock(FRAMES[1]!),
    packetBlock(FRAMES[0]!, { packets: "simple" }),
  ];
  const isPacket = [false, false, true, false, true, true];
  const file = concat(...blocks);
  const ends: number[] = [];
  for (const { length } of blocks) ends.push((ends.at(-1) ?? 0) + length);
  for (let length = 1; length <= file.length; length++) {
    const whole = ends.filter((end) => end <= length).length;
    const { frames, error } = readCapture(file.subarray(0, length), 11);
    assert.equal(frames.length, isPacket.slice(0, whole).filter(Boolean).length, `${length} bytes`);
    if (ends.includes(length)) assert.equal(error, undefined, `${length} bytes`);
    else assert.equal(error?.offset, ends[whole - 1] ?? 0, `${length} bytes: ${error?.message}`);
  }
});

Deno.test("PcapngReader says how much there is of a long block that it passes over", () => {
  const file = concat(SECTION, block(0x0bad, new Uint8Array(2 << 20)).subarray(0, 1_500_000));
  const { error } = readCapture(file, 400_000);
  assert.equal(error?.message, "at offset 28: the file ends inside a block, 1500000 of its 2097164 bytes");
});

Deno.test("timeUnit() counts ticks of every resolution that the format can name", () => {
  assert.equal(timeUnit(6, 0n).ns(1_000_001n), 1_000_001_000n);
  assert.equal(timeUnit(0, 5n).ns(7n), 12_000_000_000n);
  assert.equal(timeUnit(9, 0n).ns(123n), 123n);
  assert.equal(timeUnit(12, 0n).ns(123_456n), 123n);
  assert.equal(timeUnit(127, 0n).ns(10n ** 118n * 3n), 3n);
  assert.equal(timeUnit(0x80 | 1, 0n).ns(3n), 1_500_000_000n);
  assert.equal(timeUnit(0x80 | 127, 0n).ns(1n << 126n), 500_000_000n);
});

Deno.test("PcapngReader bounds times on both sides", () => {
  const early = pcapngFile([{ timeNs: 0n, data: FRAMES[0]!.data }], { interfaces: [{ offsetS: 0n }] });
  assert.equal(readCapture(early).frames[0]!.timeNs, 0n);
  const before = concat(
    SECTION,
    interfaceBlock({ offsetS: -1_000n }),
    packetBlock({ timeNs: 0n, data: FRAMES[0]!.data }),
  );
  assert.equal(readCapture(before).frames[0]!.timeNs, 0n);
  const late = concat(SECTION, interfaceBlock({ resolution: 0 }), packetBlock(FRAMES[0]!));
  assert.equal(readCapture(late).frames[0]!.timeNs, 1n << 62n);
});

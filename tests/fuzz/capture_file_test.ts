/** Random and mutated capture files: whatever they say, only CaptureFileError is thrown, and reading ends. */
import assert from "node:assert/strict";
import { CAPTURED_BYTES_MAX, type RecordedFrame, TIME_NS_MAX } from "../../src/capture/pcap/recorded_frame.ts";
import { isReadable, LinkLayer } from "../../src/capture/pcap/link_layer.ts";
import type { ReplayFrame } from "../../src/capture/replay.ts";
import { type Bytes, concat, ethernet, ipv4, packet, udp } from "../support/packet.ts";
import { block, interfaceBlock, pcapFile, pcapngFile, type WrittenFrame } from "../support/pcap_writer.ts";
import { type Random, randomTest } from "../support/random.ts";
import { readCapture } from "../support/read_capture.ts";

const RUNS = 3_001;
/** A frame costs a record's header at least. */
const FRAME_FILE_BYTES_MIN = 16;

function someFrames(random: Random): WrittenFrame[] {
  return Array.from({ length: random.below(7) }, () => ({
    timeNs: BigInt(random.u32()) * 1_000n,
    data: random.oneIn(3) ? random.bytes(random.below(200)) : packet(ethernet(), ipv4(), udp(), random.below(100)),
    frameBytes: random.below(2_000),
    interface: random.below(3),
    ...(random.oneIn(2) ? { outgoing: random.oneIn(2) } : {}),
  }));
}

function someFile(random: Random): Bytes {
  const bigEndian = random.oneIn(2);
  const linkType = random.pick([0, 1, 12, 101, 108, 113, 228, 229, 276]);
  switch (random.below(4)) {
    case 0:
      return random.bytes(random.below(300));
    case 1:
      return pcapFile(someFrames(random), { bigEndian, linkType, kuznetzov: random.oneIn(2) });
    case 2: {
      const interfaces = [{ linkType, name: "a" }, { resolution: random.below(256) }, {
        offsetS: BigInt(random.u32()),
      }];
      const packets = random.pick(["enhanced", "simple", "old"] as const);
      return pcapngFile(someFrames(random), { bigEndian, interfaces, packets });
    }
    default:
      return concat(
        pcapngFile(someFrames(random), { interfaces: [{ linkType }, {}, {}] }),
        block(random.u32(), random.bytes(random.below(60))),
        interfaceBlock({ name: "x".repeat(random.below(40)) }),
        pcapngFile(someFrames(random), { bigEndian: true, interfaces: [{}, {}, { linkType }] }),
      );
  }
}

/** Changes bytes, preferring values that lengths are wrong by. */
function mutate(random: Random, file: Bytes): Bytes {
  let mutated: Bytes = file.slice();
  for (let changes = random.below(5); changes > 0 && mutated.length; changes--) {
    const at = random.below(mutated.length);
    switch (random.below(4)) {
      case 0:
        mutated[at] = random.below(256);
        break;
      case 1:
        mutated.fill(random.pick([0, 0x7f, 0x80, 0xff]), at, at + random.pick([1, 2, 4, 8]));
        break;
      case 2:
        mutated = mutated.slice(0, at);
        break;
      default:
        mutated = concat(mutated.slice(0, at), random.bytes(random.below(9)), mutated.slice(at));
    }
  }
  return mutated;
}

const into: ReplayFrame = {
  data: new Uint8Array(),
  frameBytes: 0,
  linkBytes: 0,
  withoutMacs: false,
  timeNs: 0n,
  ifindex: 0,
  hook: "ingress",
};

randomTest("CaptureReader answers any file with frames in bounds or with CaptureFileError", (random) => {
  const links = new LinkLayer();
  let read = 0;
  let refused = 0;
  for (let run = 0; run < RUNS; run++) {
    const file = mutate(random, someFile(random));
    // anything but CaptureFileError goes through and fails the test
    const { frames, error } = readCapture(file, 1 + random.below(400));
    assert(frames.length <= file.length / FRAME_FILE_BYTES_MIN);
    assert(!error || (error.offset >= 0 && error.offset <= file.length), `${error?.offset} of ${file.length}`);
    for (const frame of frames) {
      assert(frame.timeNs >= 0n && frame.timeNs <= TIME_NS_MAX);
      assert(frame.data.length <= Math.min(file.length, CAPTURED_BYTES_MAX));
      assert(frame.frameBytes >= frame.data.length);
      if (!isReadable(frame.interface.linkType)) continue;
      links.convert(frame, into);
      assert(into.frameBytes >= 0 && into.linkBytes <= into.frameBytes + 14);
    }
    read += frames.length;
    refused += error ? 1 : 0;
  }
  // a fuzzer that never gets in, or never breaks anything, tests nothing
  assert(read > RUNS / 2, `${read} frames read`);
  assert(refused > RUNS / 10, `${refused} files refused`);
});

/** Interfaces of two readings are two objects. */
function plain({ interface: { index, name, linkType }, ...frame }: RecordedFrame) {
  return { ...frame, index, name, linkType };
}

randomTest("CaptureReader reads the same however a damaged file is cut into chunks", (random) => {
  for (let run = 0; run < 307; run++) {
    const file = mutate(random, someFile(random));
    const whole = readCapture(file);
    const pieces = readCapture(file, 1 + random.below(9));
    assert.deepEqual(pieces.frames.map(plain), whole.frames.map(plain));
    assert.equal(pieces.error?.message, whole.error?.message);
  }
});

/** Random traffic at random times, through program and table of a replay: every packet is booked, whatever comes. */
import assert from "node:assert/strict";
import { flowProgramImage, tableModule } from "../../src/artifacts.ts";
import { checkBooks } from "../../src/books.ts";
import { openLibbpf } from "../../src/capture/mod.ts";
import { emptyFrame, TIME_NS_MAX } from "../../src/capture/pcap/recorded_frame.ts";
import { CountingExporter, flowSpan, LineSender, QueuedExporter } from "../../src/export/mod.ts";
import { pageBytes } from "../../src/libc.ts";
import { REPLAY_QUEUE_RECORDS } from "../../src/limits.ts";
import { Replay } from "../../src/replay.ts";
import { TABLE_DEFAULTS } from "../support/flow_lab.ts";
import { INTERNAL } from "../support/meanings.ts";
import { type Bytes, ethernet, icmp, ipv4, ipv6, packet, patch, sctp, tcp, udp, vlan } from "../support/packet.ts";
import { Random, randomTest } from "../support/random.ts";

const RUNS = 11;
const FRAMES = 997;
const SECOND_NS = 1_000_000_000n;
const LINK_TYPES = [1, 1, 1, 1, 1, 101, 113, 276, 0, 108, 228, 229];

function someFrame(random: Random): Bytes {
  const [source, destination] = [`10.0.0.${random.below(7)}`, `10.0.0.${random.below(7)}`];
  const ip = random.oneIn(3)
    ? ipv6({ source: `fd00::${random.below(7)}`, destination: `fd00::${random.below(7)}` })
    : ipv4({ source, destination, fragmentOffset: random.oneIn(20) ? 7 : 0 });
  const ports = { source: 1_000 + random.below(5), destination: 1_000 + random.below(5) };
  const flags = random.pick(["S", "SA", "A", "PA", "FA", "R"]);
  const transport = random.pick([
    tcp({ ...ports, flags, sequence: random.u32(), acknowledgment: random.u32() }),
    udp(ports),
    sctp(ports),
    icmp(random.pick([0, 3, 8, 13])),
  ]);
  const size = random.oneIn(30) ? random.below(9_000) : random.below(100);
  const frame = random.oneIn(9)
    ? packet(ethernet(), vlan(random.below(4)), ip, transport, size)
    : packet(ethernet(), ip, transport, size);
  if (random.oneIn(10)) return frame.slice(0, random.below(frame.length + 1));
  return random.oneIn(10) ? patch(frame, random.below(frame.length), random.below(256)) : frame;
}

/** Mostly a little later; at times late, after a silence, or wherever a broken clock may stand. */
function someTime(random: Random, before: bigint): bigint {
  const time = random.oneIn(40)
    ? random.pick([
      0n,
      TIME_NS_MAX,
      BigInt(random.u32()) * SECOND_NS,
      before - 7n * SECOND_NS,
      before + 400n * SECOND_NS,
    ])
    : before + BigInt(random.below(300_000_000)) - 30_000_000n;
  return time < 0n ? 0n : time > TIME_NS_MAX ? TIME_NS_MAX : time;
}

interface Fed {
  bytes: bigint;
  spans: string[];
}

async function feedAll(replay: Replay, random: Random): Promise<bigint> {
  const frame = emptyFrame();
  let time = BigInt(random.u32()) * SECOND_NS;
  let frames = 0n;
  for (let i = 0; i < FRAMES; i++) {
    const link = random.pick(LINK_TYPES);
    const whole = someFrame(random);
    frame.data = link === 1 ? whole : whole.slice(Math.min(14, whole.length));
    frame.frameBytes = frame.data.length + (random.oneIn(9) ? random.below(2_000) : 0);
    frame.interface = { index: random.below(3), name: random.pick([undefined, "eth0"]), linkType: link };
    frame.ifindex = random.oneIn(5) ? random.below(9) : 0;
    frame.outgoing = random.oneIn(4);
    frame.timeNs = time = someTime(random, time);
    if (replay.isDue(time)) await replay.advance(time);
    replay.feed(frame);
    frames++;
  }
  return frames;
}

/** Replays what a seed says, and checks the books. Returns the spans. */
async function run(seed: Random, random: () => Random): Promise<Fed> {
  const spans: string[] = [];
  const collect = {
    write(bytes: Uint8Array): Promise<void> {
      spans.push(new TextDecoder().decode(bytes));
      return Promise.resolve();
    },
  };
  const limits = seed.pick([{}, { slots: 512, ringBytes: 65_536 }, { flowsMax: 13, aggregatesMax: 2 }]);
  const replay = await Replay.open({
    kernel: openLibbpf(),
    image: flowProgramImage(),
    module: tableModule(),
    memory: { pageBytes: pageBytes(), ...limits },
    table: { ...TABLE_DEFAULTS, maxRecordIntervalMs: 10_000 },
    meaningOf: () => INTERNAL,
    exporters: () => [
      new CountingExporter(),
      new QueuedExporter(
        new LineSender("spans", collect, (record) => {
          const span = flowSpan(record, { ...INTERNAL, interfaceOf: () => undefined });
          assert(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), "a flow ends after it starts");
          return JSON.stringify(span) + "\n";
        }),
        { queueRecordsMax: REPLAY_QUEUE_RECORDS, random: Math.random },
      ),
    ],
  });
  try {
    const frames = await feedAll(replay, random());
    await replay.finish();
    const books = await replay.auditBooks();
    assert.deepEqual(checkBooks(books).filter(({ closed }) => !closed), []);
    assert.equal(books.kernel.seen.frames, frames);
    assert.equal(books.table.handed_out.frames, books.table.taken.frames);
    assert.equal(books.table.duplicate.frames, 0n);
    assert.deepEqual(Object.values(books.kernel.lost).map((amount) => amount.frames), [0n, 0n]);
    assert(books.table.counted.frames > frames / 4n, "a good part of the frames are packets of flows");
    return { bytes: books.kernel.seen.bytes, spans };
  } finally {
    replay.close();
  }
}

randomTest(
  "Replay books every frame of random traffic at random times, and twice gives the same spans",
  async (seeds) => {
    for (let i = 0; i < RUNS; i++) {
      const [limits, traffic] = [seeds.u32(), seeds.u32()];
      const once = () => run(new Random(limits), () => new Random(traffic));
      const first = await once();
      const second = await once();
      assert.deepEqual(second.spans.join("").split("\n"), first.spans.join("").split("\n"), `traffic ${traffic}`);
    }
  },
);

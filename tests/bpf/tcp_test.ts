import assert from "node:assert/strict";
import { ethernet, ipv4, ipv6, packet, tcp, type TcpOptions } from "../support/packet.ts";
import { ProgramProbe, sharedProbe } from "../support/program_probe.ts";
import type { SlotView } from "../support/slot_view.ts";

const SYN = 2;
const ACK = 16;
const MERGED = 1;
const shared = sharedProbe({ slots: 1_024 });

/** One direction of a connection, segment by segment. */
class Stream {
  readonly #probe: ProgramProbe;
  readonly #ifindex: number;
  static #ifindexNext = 1;

  constructor(probe: ProgramProbe) {
    this.#probe = probe;
    this.#ifindex = Stream.#ifindexNext++;
  }

  send(sequence: number, length = 0, options: TcpOptions & { timeNs?: bigint } = {}): SlotView {
    const { timeNs, ...header } = options;
    const frame = packet(ethernet(), ipv4(), tcp({ sequence, ...header }), length);
    const outcome = this.#probe.feed(frame, { ifindex: this.#ifindex, ...(timeNs === undefined ? {} : { timeNs }) });
    assert.ok(outcome.slot, "a segment is counted");
    return outcome.slot;
  }
}

function counts(slot: SlotView) {
  const { retransmittedPackets: again, retransmittedBytes: bytes, outOfOrderPackets: late } = slot;
  return { again, bytes, late };
}

const NOTHING = { again: 0, bytes: 0, late: 0 };

interface SequenceRow {
  name: string;
  /** Sequence number, payload bytes, and perhaps flags of each segment. */
  segments: Array<[number, number, string?]>;
  counts: Partial<ReturnType<typeof counts>>;
  next?: number;
}

const ROWS: SequenceRow[] = [
  { name: "nothing of a stream in order", segments: [[1, 100], [101, 50], [151, 0], [151, 7]], counts: {}, next: 158 },
  {
    name: "a segment sent twice",
    segments: [[1, 100], [101, 50], [101, 50]],
    counts: { again: 1, bytes: 50 },
    next: 151,
  },
  {
    name: "only the repeated part of a segment that goes further",
    segments: [[1, 100], [101, 50], [121, 60]],
    counts: { again: 1, bytes: 30 },
    next: 181,
  },
  { name: "a repeated SYN as a packet without bytes", segments: [[9, 0, "S"], [9, 0, "S"]], counts: { again: 1 } },
  {
    name: "a repeated FIN as a packet without bytes",
    segments: [[1, 10], [11, 0, "FA"], [11, 0, "FA"]],
    counts: { again: 1 },
    next: 12,
  },
  {
    name: "the bytes of a repeated last segment, but not its FIN",
    segments: [[1, 10], [11, 5, "FA"], [11, 5, "FA"]],
    counts: { again: 1, bytes: 5 },
    next: 17,
  },
  { name: "no keep-alive: one byte of what was sent", segments: [[1, 100], [100, 1], [100, 1]], counts: {}, next: 101 },
  {
    name: "no empty segment, wherever it lies",
    segments: [[1, 100], [50, 0], [1, 0], [900, 0]],
    counts: {},
    next: 101,
  },
  {
    name: "a late segment as out of order, not as sent again",
    segments: [[1, 100], [201, 100], [101, 100]],
    counts: { late: 1 },
    next: 301,
  },
  {
    name: "a late segment that comes once more",
    segments: [[1, 100], [201, 100], [101, 100], [101, 100]],
    counts: { late: 1, again: 1, bytes: 100 },
  },
  {
    name: "a hole filled from its begin, piece by piece",
    segments: [[1, 100], [401, 100], [101, 100], [201, 100], [301, 100], [301, 100]],
    counts: { late: 3, again: 1, bytes: 100 },
  },
  {
    name: "a hole filled from its end, piece by piece",
    segments: [[1, 100], [401, 100], [301, 100], [201, 100], [101, 100], [101, 100]],
    counts: { late: 3, again: 1, bytes: 100 },
  },
  {
    name: "nothing more of a hole filled in its middle: what is missing is unknown",
    segments: [[1, 100], [401, 100], [201, 100], [201, 100], [101, 100], [301, 100]],
    counts: { late: 1 },
  },
  {
    name: "one late packet of a segment that goes beyond the hole",
    segments: [[1, 100], [201, 100], [101, 150]],
    counts: { late: 1 },
    next: 301,
  },
  {
    name: "what was sent before of a segment that begins before the hole",
    segments: [[1, 100], [301, 100], [51, 150], [201, 100]],
    counts: { again: 1, bytes: 50, late: 1 },
    next: 401,
  },
  {
    name: "what was sent before of a segment that begins before the hole and ends behind it",
    segments: [[1, 100], [301, 100], [51, 300], [201, 100]],
    counts: { again: 2, bytes: 150, late: 0 },
    next: 401,
  },
  {
    name: "repeated segments around an open hole",
    segments: [[1, 100], [301, 100], [1, 100], [301, 100]],
    counts: { again: 2, bytes: 200 },
  },
  {
    name: "nothing in two holes at once",
    segments: [[1, 100], [201, 100], [401, 100], [101, 100], [301, 100], [201, 100]],
    counts: {},
    next: 501,
  },
  {
    name: "nothing from before its first packet",
    segments: [[1_000, 100], [900, 100], [100, 10]],
    counts: {},
    next: 1_100,
  },
  {
    name: "a stream over the end of its numbers",
    segments: [[2 ** 32 - 50, 100], [50, 100], [2 ** 32 - 50, 100], [50, 100]],
    counts: { again: 2, bytes: 200 },
    next: 150,
  },
  {
    name: "a hole over the end of its numbers",
    segments: [[2 ** 32 - 200, 100], [100, 100], [2 ** 32 - 100, 200]],
    counts: { late: 1 },
    next: 200,
  },
  {
    name: "nothing of a jump too far to be a hole",
    segments: [[1, 100], [2 ** 27, 100], [2 ** 27 - 100, 100], [2 ** 27, 100]],
    counts: { again: 1, bytes: 100 },
    next: 2 ** 27 + 100,
  },
  {
    name: "nothing of a jump back too far to be sent again",
    segments: [[2 ** 28, 100], [2 ** 27, 100], [2 ** 27 + 100, 100]],
    counts: {},
    next: 2 ** 27 + 200,
  },
];

Deno.test("flow program counts as sent again or late, at least,", async (t) => {
  const probe = shared();
  for (const row of ROWS) {
    await t.step(row.name, () => {
      const stream = new Stream(probe);
      let slot: SlotView | undefined;
      for (const [sequence, length, flags] of row.segments) {
        slot = stream.send(sequence, length, { flags: flags ?? "A" });
      }
      assert.ok(slot);
      assert.deepEqual(counts(slot), { ...NOTHING, ...row.counts });
      if (row.next !== undefined) assert.equal(slot.sequenceNext, row.next);
      assert.equal(slot.frames, row.segments.length);
    });
  }
});

Deno.test("flow program says where several holes keep it from counting", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(1, 100);
  assert.equal(stream.send(201, 100).notes & MERGED, 0);
  assert.equal(stream.send(401, 100).notes & MERGED, MERGED);
});

Deno.test("flow program counts what is sent again in any gigabyte of a stream", () => {
  const probe = shared();
  const stream = new Stream(probe);
  const step = 2 ** 25;
  for (let sent = 0; sent <= 6 * 2 ** 30; sent += step) {
    const at = (sent % 2 ** 32) + 1;
    const before = stream.send(at, 100); // behind a hole of its own: most of the stream is not seen here
    if (sent < step) continue;
    const after = stream.send(at, 100);
    assert.equal(after.retransmittedBytes - before.retransmittedBytes, 100, `after ${sent} bytes`);
  }
});

Deno.test("flow program keeps the initial sequence number through a jump of the numbers", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(77, 0, { flags: "S" });
  const slot = stream.send(2 ** 30, 100);
  assert.equal(slot.sequenceFirst, 77);
  assert.equal(stream.send(77, 0, { flags: "S" }).generation, slot.generation, "the same SYN is the same connection");
});

Deno.test("flow program ORs TCP flags, and keeps the first packet's", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(1, 0, { flags: "S" });
  stream.send(2, 0, { flags: "A" });
  stream.send(2, 9, { flags: "PA" });
  const slot = stream.send(11, 0, { flags: "FAU" });
  assert.equal(slot.tcpFlags, 0x3b);
  assert.equal(slot.tcpFlagsFirst, SYN);
});

Deno.test("flow program times the initiator's side of a handshake", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(7, 0, { flags: "S", timeNs: 5_000n });
  const slot = stream.send(8, 0, { flags: "A", acknowledgment: 9, timeNs: 7_000n });
  const later = stream.send(8, 50, { flags: "PA", acknowledgment: 9, timeNs: 9_000n });
  assert.deepEqual([slot.synNs, slot.ackNs, slot.sequenceFirst], [5_000n, 7_000n, 7]);
  assert.deepEqual([later.synNs, later.ackNs, later.lastSeenNs], [5_000n, 7_000n, 9_000n]);
});

Deno.test("flow program times the responder's side of a handshake, and keeps its peer's number", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(70, 0, { flags: "SA", acknowledgment: 8, timeNs: 6_000n });
  const slot = stream.send(71, 10, { flags: "PA", acknowledgment: 99, timeNs: 8_000n });
  assert.deepEqual([slot.synNs, slot.ackNs, slot.acknowledgmentFirst, slot.sequenceFirst], [6_000n, 0n, 8, 70]);
  assert.equal(slot.tcpFlagsFirst, SYN | ACK);
});

Deno.test("flow program keeps the time of the last SYN, which the answer is to", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(7, 0, { flags: "S", timeNs: 5_000n });
  const slot = stream.send(7, 0, { flags: "S", timeNs: 1_005_000n });
  assert.deepEqual([slot.synNs, slot.firstSeenNs, slot.generation], [1_005_000n, 5_000n, 2]);
});

Deno.test("flow program gives a connection seen late no handshake's time but its first ACK's", () => {
  const probe = shared();
  const stream = new Stream(probe);
  const slot = stream.send(500, 10, { flags: "PA", acknowledgment: 3, timeNs: 5_000n });
  assert.deepEqual([slot.synNs, slot.ackNs, slot.sequenceFirst, slot.acknowledgmentFirst], [0n, 5_000n, 500, 3]);
});

Deno.test("flow program counts zero windows, but for SYN, FIN and RST", () => {
  const probe = shared();
  const stream = new Stream(probe);
  for (const flags of ["S", "RA", "FA"]) assert.equal(stream.send(1, 0, { flags, window: 0 }).zeroWindows, 0, flags);
  stream.send(2, 0, { window: 0 });
  assert.equal(stream.send(2, 0, { window: 0 }).zeroWindows, 2);
  assert.equal(stream.send(2, 0, { window: 1 }).zeroWindows, 2);
  assert.equal(new Stream(probe).send(1, 0, { window: 0 }).zeroWindows, 1, "the first packet's counts");
  assert.equal(new Stream(probe).send(1, 0, { window: 0, flags: "" }).zeroWindows, 1, "with or without flags");
});

Deno.test("flow program begins a new generation for a SYN with another number on the same ports", () => {
  const probe = shared();
  const stream = new Stream(probe);
  probe.ring.drain();
  stream.send(100, 0, { flags: "S" });
  stream.send(101, 30);
  const slot = stream.send(5_000, 0, { flags: "S" });
  assert.equal(slot.generation, 4);
  assert.deepEqual([slot.frames, slot.sequenceFirst, slot.tcpFlags], [1, 5_000, SYN]);
  const old = probe.ring.drain().at(-1);
  assert.deepEqual([old?.generation, old?.frames, old?.sequenceFirst], [2, 2, 100]);
});

Deno.test("flow program begins a new generation for a SYN on a connection whose own it did not see", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(100, 10);
  assert.equal(stream.send(100, 0, { flags: "S" }).generation, 4);
});

Deno.test("flow program ends no connection by RST or FIN alone: what follows is still its own", () => {
  const probe = shared();
  const stream = new Stream(probe);
  stream.send(100, 0, { flags: "S" });
  stream.send(101, 0, { flags: "R" });
  const slot = stream.send(101, 5, { flags: "A" });
  assert.deepEqual([slot.generation, slot.frames, slot.tcpFlags], [2, 3, 0x16]);
});

Deno.test("flow program reads no flags or numbers from a fragment of TCP", () => {
  const probe = shared();
  const fragment = packet(ethernet(), ipv4({ fragmentOffset: 3, protocol: 6 }), 64);
  probe.feed(fragment, { ifindex: 1 });
  const { slot } = probe.feed(fragment, { ifindex: 1 });
  assert.deepEqual([slot?.frames, slot?.tcpFlags, slot?.retransmittedPackets, slot?.synNs], [2, 0, 0, 0n]);
});

Deno.test("flow program keeps the two directions of a connection in two slots", () => {
  using probe = new ProgramProbe({ slots: 65_536 });
  const [client, server] = [{ source: "fd00::1", destination: "fd00::2" }, {
    source: "fd00::2",
    destination: "fd00::1",
  }];
  const there = packet(ethernet(), ipv6(client), tcp({ source: 9, destination: 80, flags: "S" }));
  const back = packet(ethernet(), ipv6(server), tcp({ source: 80, destination: 9, flags: "SA" }));
  const first = probe.feed(there, { ifindex: 3 });
  const second = probe.feed(back, { ifindex: 3, hook: "egress" });
  assert.equal(first.slot?.flags, 0);
  assert.equal(second.slot?.flags, 1);
  assert.deepEqual([first.hook, second.hook], ["ingress", "egress"]);
  assert.equal(probe.slots().length, 2);
  const same = probe.feed(there, { ifindex: 3, hook: "egress" });
  assert.equal(same.slot?.frames, 1, "the same packet at the other hook is another sighting");
  assert.equal(probe.slots().length, 3);
});

Deno.test("flow program counts the segments of a frame as sent again or late, one where only some were", () => {
  using probe = new ProgramProbe({ programs: ["weir_ingress"] });
  const bulk = (sequence: number, segments: number) => {
    const frame = packet(ethernet(), ipv4(), tcp({ sequence }), segments * 100);
    return probe.run("weir_ingress", frame, { gsoSize: 100, gsoSegments: segments });
  };
  const after = (...frames: Array<[number, number]>) => {
    const { slot } = probe.onOneCpu(() => frames.map(([sequence, segments]) => bulk(sequence, segments))).at(-1)!;
    return counts(slot!);
  };
  assert.deepEqual(after([1, 5], [1, 5]), { again: 5, bytes: 500, late: 0 });
  assert.deepEqual(after([1, 5], [301, 5]), { again: 1, bytes: 200, late: 0 });
  assert.deepEqual(after([1, 1], [501, 1], [101, 4]), { again: 0, bytes: 0, late: 4 });
  assert.deepEqual(after([1, 1], [501, 1], [101, 7]), { again: 0, bytes: 0, late: 1 });
});

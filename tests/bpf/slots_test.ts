import assert from "node:assert/strict";
import { SLOT_BYTES } from "../../src/limits.ts";
import { pageBytes } from "../../src/libc.ts";
import { type Bytes, ethernet, icmp, ipv4, ipv6, packet, tcp, udp } from "../support/packet.ts";
import { ProgramProbe } from "../support/program_probe.ts";
import { requires } from "../support/requires.ts";
import type { SlotView } from "../support/slot_view.ts";

const RING_RECORD_BYTES = 8 + SLOT_BYTES;

/** A datagram of a flow of its own. */
function datagram(flow: number, bytes = 18): Bytes {
  return packet(ethernet(), ipv4({ source: `10.1.${flow >> 8}.${flow & 0xff}` }), udp(), bytes);
}

/** One device, so that flows share sets. */
const DEVICE = { ifindex: 3 };

function syn(sequence: number): Bytes {
  return packet(ethernet(), ipv4(), tcp({ flags: "S", sequence }));
}

/** Evicts until the ring has no room for one more record. */
function fillRing(probe: ProgramProbe): void {
  const records = Math.floor(probe.plan.ringBytes / RING_RECORD_BYTES) + 3;
  for (let i = 0; i < records; i++) {
    if (probe.feed(datagram(10_000 + i), DEVICE).term === "lost_ring_full") return;
  }
  assert.fail("the ring is never full");
}

Deno.test("flow program claims a slot for a new flow and adds to it after that", () => {
  using probe = new ProgramProbe();
  const first = probe.feed(datagram(1), DEVICE);
  assert.deepEqual([first.term, first.events, first.slot?.generation], ["accounted", ["claim_empty"], 2]);
  const second = probe.feed(datagram(1, 118), DEVICE);
  assert.deepEqual([second.term, second.events], ["accounted", []]);
  const { generation, frames, bytes } = second.slot!;
  assert.deepEqual([generation, frames, bytes], [2, 2, 60 + 160]);
  assert.deepEqual(probe.ring.peek(), []);
});

Deno.test("flow program writes each slot's own place into it", () => {
  using probe = new ProgramProbe({ cpuCount: 3 });
  for (let flow = 0; flow < 200; flow++) probe.feed(datagram(flow), { cpu: flow % 3 });
  const places = probe.slots().map(({ index }) => index);
  assert.equal(new Set(places).size, places.length);
  assert.deepEqual(places, places.toSorted((a, b) => a - b));
  assert.ok(places.every((place) => place < probe.plan.slotCount));
});

Deno.test("flow program keeps flows apart by every part of their key", () => {
  using probe = new ProgramProbe();
  const base = packet(ethernet(), ipv4(), tcp());
  const others = [
    packet(ethernet(), ipv4({ source: "10.0.0.3" }), tcp()),
    packet(ethernet(), ipv4({ destination: "10.0.0.3" }), tcp()),
    packet(ethernet(), ipv4(), tcp({ source: 40_001 })),
    packet(ethernet(), ipv4(), tcp({ destination: 444 })),
    packet(ethernet(), ipv4(), udp({ source: 40_000, destination: 443 })),
    packet(ethernet(), ipv6({ source: "fd00::5" }), tcp()),
    packet(ethernet(), ipv6({ source: "fd00:0:0:1::5" }), tcp()),
    packet(ethernet(), ipv6({ destination: "fd00:0:0:1::2", source: "fd00::5" }), tcp()),
    packet(ethernet(), ipv4(), icmp(8)),
    packet(ethernet(), ipv4(), icmp(0)),
    packet(ethernet(), ipv4({ fragmentOffset: 9, protocol: 6 }), 20),
  ];
  const frames = [base, ...others];
  for (const frame of frames) assert.deepEqual(probe.feed(frame, DEVICE).slot?.frames, 1);
  assert.equal(probe.feed(base, { ifindex: 4 }).slot?.frames, 1, "another device");
  assert.equal(probe.feed(base, { ...DEVICE, hook: "egress" }).slot?.frames, 1, "the other hook");
  const known = frames.filter((frame) => probe.feed(frame, DEVICE).events.length === 0);
  assert.ok(known.length > frames.length / 2, "most of them are resident still");
});

Deno.test("flow program puts the whole old slot into the ring before it claims it", () => {
  using probe = new ProgramProbe({ oneSet: true });
  const old = [1, 2].map((flow) => probe.feed(syn(flow), { ifindex: flow }).slot!);
  const again = probe.feed(packet(ethernet(), ipv4(), tcp({ sequence: 2, window: 0 }), 99), { ifindex: 1 }).slot!;
  assert.equal(again.zeroWindows, 1);
  const outcome = probe.feed(datagram(3), { ifindex: 3 });
  assert.deepEqual([outcome.term, outcome.events], ["accounted", ["claim_evict"]]);
  assert.deepEqual(probe.ring.drain(), [old[1]], "the one silent for longer, as it was");
  assert.equal(outcome.slot?.index, old[1]?.index);
  assert.equal(outcome.slot?.generation, 4);
});

Deno.test("flow program leaves nothing of the old flow in a slot", () => {
  using probe = new ProgramProbe({ oneSet: true });
  const segment = (sequence: number, flags: string, bytes: number) =>
    packet(ethernet(), ipv6({ flowLabel: 7, trafficClass: 9 }), tcp({ sequence, flags, window: 0 }), bytes);
  for (const ifindex of [1, 2]) {
    for (const at of [1, 900, 500, 1]) probe.feed(segment(at, "A", 100), { ifindex });
  }
  const { slot } = probe.feed(packet(ethernet(), ipv4(), icmp(8)), { ifindex: 3, withoutMacs: true, timeNs: 77n });
  const fresh = new ProgramProbe();
  const { slot: expected } = fresh.feed(packet(ethernet(), ipv4(), icmp(8)), {
    ifindex: 3,
    withoutMacs: true,
    timeNs: 77n,
  });
  fresh[Symbol.dispose]();
  assert.deepEqual({ ...slot, index: 0, generation: 0 }, { ...expected, index: 0, generation: 0 });
});

Deno.test("flow program evicts in the order of generations", () => {
  using probe = new ProgramProbe({ oneSet: true });
  for (let flow = 0; flow < 40; flow++) probe.feed(datagram(flow), DEVICE);
  const records = probe.ring.drain();
  assert.equal(records.length, 38);
  for (const index of [0, 1]) {
    const generations = records.filter((record) => record.index === index).map(({ generation }) => generation);
    assert.deepEqual(generations, generations.map((_, i) => 2 * (i + 1)));
  }
  assert.deepEqual(records.map(({ source }) => source), records.map((_, i) => `10.1.0.${i}`));
});

Deno.test("flow program loses a new flow's packet, by name, while the ring is full, and no old one's", () => {
  using probe = new ProgramProbe({ oneSet: true, ringBytes: pageBytes() });
  fillRing(probe);
  const resident = probe.slots();
  const lost = probe.feed(datagram(7, 300), DEVICE);
  assert.deepEqual([lost.term, lost.events, lost.slot], ["lost_ring_full", [], undefined]);
  assert.deepEqual(probe.slots(), resident, "the old flows stay");
  const { lost: { ring_full }, accounted } = probe.books.terms();
  const before = ring_full.bytes;
  assert.equal(probe.feed(datagram(7, 300), DEVICE).term, "lost_ring_full");
  assert.equal(probe.books.terms().lost.ring_full.bytes - before, 342n, "in every measure");

  probe.ring.drain();
  assert.equal(probe.feed(datagram(7, 300), DEVICE).term, "accounted", "with room again, it goes on");
  assert.equal(probe.books.terms().accounted.frames, accounted.frames + 1n);
});

Deno.test("flow program counts a new connection in the old one's generation while the ring is full", () => {
  using probe = new ProgramProbe({ oneSet: true, ringBytes: pageBytes() });
  probe.feed(syn(100), DEVICE);
  // the connection is never the one silent for longer
  for (let flow = 0; probe.feed(datagram(flow), DEVICE).term === "accounted"; flow++) {
    probe.feed(packet(ethernet(), ipv4(), tcp({ sequence: 101 })), DEVICE);
  }
  const mine = probe.slots().find(({ protocol }) => protocol === 6);
  const refused = probe.feed(syn(200), DEVICE);
  assert.deepEqual([refused.term, refused.events], ["accounted", ["claim_refused"]]);
  assert.deepEqual([refused.slot?.generation, refused.slot?.frames], [2, mine!.frames + 1]);
  probe.ring.drain();
  assert.deepEqual(probe.feed(syn(300), DEVICE).events, ["claim_syn"], "with room again, it gets its own");
});

Deno.test("flow program begins a new generation after a silence that ended the flow", () => {
  using probe = new ProgramProbe({ idleGapMs: 5 });
  const at = (timeNs: bigint) => probe.feed(datagram(1), { ...DEVICE, timeNs });
  at(1_000_000n);
  const same = at(6_000_000n);
  assert.deepEqual([same.slot?.generation, same.events], [2, []], "exactly the gap");
  const next = at(11_000_001n);
  assert.deepEqual([next.slot?.generation, next.slot?.frames, next.events], [4, 1, ["claim_idle"]]);
  assert.deepEqual(at(1_000n).events, [], "time that goes back is no silence");
  assert.equal(probe.ring.drain().length, 1);
});

Deno.test("flow program knows no silence without a gap", () => {
  using probe = new ProgramProbe();
  probe.feed(datagram(1), { ...DEVICE, timeNs: 1n });
  assert.deepEqual(probe.feed(datagram(1), { ...DEVICE, timeNs: 10n ** 18n }).events, []);
});

Deno.test("flow program takes a replay's times as they are recorded", () => {
  using probe = new ProgramProbe();
  const times = (slot?: SlotView) => [slot?.firstSeenNs, slot?.lastSeenNs];
  const at = (timeNs: bigint) => probe.feed(datagram(1), { ...DEVICE, timeNs }).slot;
  assert.deepEqual(times(at(5_000n)), [5_000n, 5_000n]);
  assert.deepEqual(times(at(9_001n)), [5_000n, 9_001n]);
  assert.deepEqual(times(at(7_000n)), [5_000n, 9_001n], "a packet recorded late does not turn time back");
  assert.deepEqual(times(probe.feed(datagram(2), { ifindex: 9, timeNs: 0n }).slot), [0n, 0n], "0 is a time");
});

Deno.test("flow program counts what finds no slot, if a loader made too few", () => {
  using probe = new ProgramProbe({ cpuCount: 2, slotSets: 128 });
  const here = probe.feed(datagram(1), { cpu: 0 });
  assert.equal(here.term, "accounted");
  const nowhere = probe.feed(datagram(1), { cpu: 1 });
  assert.deepEqual([nowhere.term, nowhere.cpu, nowhere.bytes], ["lost_no_slot", 1, 60]);
});

requires("atomics that fetch", "5.12", "flow program with fetching atomics notices a second writer", () => {
  const programs = ["weirf_ingress"];
  using probe = new ProgramProbe({ programs, oneSet: true });
  const outcomes = probe.onOneCpu(() => {
    const claims = [1, 2].map((flow) => probe.run("weirf_ingress", datagram(flow)));
    // as if another program were in the middle of rewriting them
    for (const { index, generation } of probe.slots()) probe.setGeneration(index, generation + 1);
    return [...claims, probe.run("weirf_ingress", datagram(3))];
  });
  assert.deepEqual(outcomes.at(-1)?.events, ["claim_evict", "generation_odd", "generation_odd"], "at both steps");
});

import assert from "node:assert/strict";
import { sum } from "../../src/books.ts";
import type { KernelTerms } from "../../src/books.ts";
import type { Hook } from "../../src/flow.ts";
import { arp, type Bytes, ethernet, ipv4, ipv6, packet, pad, tcp, udp } from "../support/packet.ts";
import { ProgramProbe } from "../support/program_probe.ts";
import type { SlotView } from "../support/slot_view.ts";

const CPUS = 128;

function datagram(flow: number): Bytes {
  return packet(ethernet(), ipv4({ source: `10.1.${flow >> 8}.${flow & 0xff}` }), udp(), flow % 97);
}
const REQUEST = pad(packet(ethernet(), arp()), 60);
const BROKEN = packet(ethernet(), ipv4({ headerWords: 3 }), udp(), 31);

function ended({ accounted, not_ip, malformed, filtered, sampled_out, lost }: KernelTerms) {
  return sum(accounted, not_ip, malformed, filtered, sampled_out, ...Object.values(lost));
}

/** What slots or ring records hold, in all measures. */
function held(slots: SlotView[]) {
  const total = (measure: (slot: SlotView) => number) => slots.reduce((all, slot) => all + BigInt(measure(slot)), 0n);
  return {
    frames: total(({ frames }) => frames),
    packets: total(({ packets }) => packets),
    bytes: total(({ bytes }) => bytes),
    wire_bytes: total(({ wireBytes }) => wireBytes),
  };
}

Deno.test("flow program closes its books: seen is the sum of where frames ended, of every hook and CPU", () => {
  using probe = new ProgramProbe({ cpuCount: CPUS, ringBytes: 1 << 20 });
  const frames = [datagram(1), REQUEST, BROKEN, packet(ethernet(), ipv6(), tcp(), 1_999)];
  const hooks: Hook[] = ["ingress", "egress"];
  const count = 1_009;
  for (let i = 0; i < count; i++) {
    probe.push(frames[i % frames.length]!, { cpu: (i * 7) % CPUS, hook: hooks[i % 3 && 1]!, ifindex: i % 311 });
  }
  for (const hook of [undefined, ...hooks]) {
    const terms = probe.books.terms(hook);
    assert.deepEqual(ended(terms), terms.seen, hook ?? "both");
  }
  const terms = probe.books.terms();
  assert.equal(terms.seen.frames, BigInt(count));
  assert.equal(terms.not_ip.frames, BigInt(Math.floor((count + 2) / 4)));
  assert.deepEqual(
    sum(held(probe.slots()), held(probe.ring.drain())),
    terms.accounted,
    "accounted lies in slots or ring",
  );
});

Deno.test("flow program keeps 128 CPUs apart, in books, slots and marks", () => {
  using probe = new ProgramProbe({ cpuCount: CPUS });
  const slotsPerCpu = probe.plan.slotCount / CPUS;
  for (let cpu = 0; cpu < CPUS; cpu++) {
    const how = { cpu, ifindex: 2, hook: cpu % 2 ? "egress" : "ingress" } as const;
    if (cpu % 31) probe.push(datagram(5), how);
    else assert.equal(probe.feed(datagram(5), how).cpu, cpu, "it is written into that CPU's book");
  }
  const slots = probe.slots();
  assert.equal(slots.length, CPUS, "the same flow on another CPU has another slot");
  slots.forEach((slot, cpu) => {
    assert.equal(slot.frames, 1);
    assert.equal(Math.floor(slot.index / slotsPerCpu), cpu, "in that CPU's share");
    const group = ((slot.index % slotsPerCpu) / 2) >> probe.plan.markShift;
    assert.deepEqual(probe.marks(cpu), [group]);
  });
  assert.equal(probe.books.terms("egress").seen.frames, BigInt(CPUS / 2));
});

Deno.test("flow program has 256 slots a CPU or more, and marks many in groups", () => {
  using few = new ProgramProbe({ cpuCount: CPUS, slots: 512 });
  assert.equal(few.plan.slotCount, CPUS * 256);
  using many = new ProgramProbe({ cpuCount: 2, slots: 65_536 });
  for (let flow = 0; flow < 300; flow++) many.push(datagram(flow), { cpu: 1, ifindex: 2 });
  const groups = new Set(many.slots().map(({ index }) => ((index % 32_768) / 2) >> many.plan.markShift));
  assert.deepEqual(many.marks(1), [...groups].toSorted((a, b) => a - b));
  assert.deepEqual(many.marks(0), []);
});

Deno.test("flow program marks a group again once it is cleared, and none for a stray", () => {
  using probe = new ProgramProbe();
  probe.feed(datagram(1), { ifindex: 2 });
  const marked = probe.marks(0);
  assert.equal(marked.length, 1);
  probe.clearMarks(0);
  probe.feed(REQUEST, { ifindex: 2 });
  probe.feed(BROKEN, { ifindex: 2 });
  assert.deepEqual(probe.marks(0), []);
  probe.feed(datagram(1), { ifindex: 2 });
  assert.deepEqual(probe.marks(0), marked);
});

Deno.test("flow program lists strays by device, ethertype, hook and term", () => {
  using probe = new ProgramProbe();
  for (const ifindex of [5, 5, 6]) probe.feed(REQUEST, { ifindex });
  probe.feed(REQUEST, { ifindex: 5, hook: "egress" });
  probe.feed(BROKEN, { ifindex: 5 });
  probe.feed(packet(ethernet({ ethertype: 100 }), 100), { ifindex: 5 });
  const lines = probe.strays().map(({ ifindex, hook, term, ethertypeName, frames, bytes }) =>
    `${ifindex} ${hook} ${term} ${ethertypeName} ${frames} ${bytes}`
  );
  assert.deepEqual(lines.toSorted(), [
    "5 egress not_ip arp 1 60",
    "5 ingress malformed ipv4 1 73",
    "5 ingress not_ip 802.3 1 114",
    "5 ingress not_ip arp 2 120",
    "6 ingress not_ip arp 1 60",
  ]);
});

Deno.test("flow program counts strays that the list has no room for", () => {
  using probe = new ProgramProbe();
  const STRAYS_MAX = 1_024;
  for (let ifindex = 1; ifindex <= STRAYS_MAX; ifindex++) {
    probe.push(REQUEST, { ifindex });
  }
  assert.equal(probe.books.detail().events.stray_unlisted, 0n);
  const outcome = probe.feed(REQUEST, { ifindex: STRAYS_MAX + 1 });
  assert.deepEqual([outcome.term, outcome.events], ["not_ip", ["stray_unlisted"]]);
  assert.deepEqual(probe.feed(REQUEST, { ifindex: 1 }).events, [], "one that is listed still counts");
  const listed = probe.strays().reduce((frames, stray) => frames + stray.frames, 0n);
  assert.equal(listed + probe.books.detail().events.stray_unlisted, probe.books.terms().not_ip.frames);
});

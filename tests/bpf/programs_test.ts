import assert from "node:assert/strict";
import { CLOCK_MONOTONIC, clockNs, pageBytes } from "../../src/libc.ts";
import { assertAgreement } from "../support/agreement.ts";
import { judge } from "../support/oracle.ts";
import { arp, type Bytes, ethernet, icmp, ipv4, ipv6, packet, pad, tcp, udp, vlan } from "../support/packet.ts";
import { ProgramProbe, sharedProbe } from "../support/program_probe.ts";
import { requires } from "../support/requires.ts";
import { IPV4_ROWS } from "./ipv4_rows.ts";
import { IPV6_ROWS } from "./ipv6_rows.ts";
import { TRANSPORT_ROWS } from "./transport_rows.ts";

const PLAIN = ["weir_ingress", "weir_egress", "weir_ingress_ip", "weir_egress_ip"];
const FETCHING = PLAIN.map((name) => name.replace("weir", "weirf"));
const shared = sharedProbe({ programs: PLAIN });
/** TC_ACT_UNSPEC and TCX_NEXT: another program or the stack decides. */
const GO_ON = -1;
const ETHERNET_BYTES = 14;

const STRAYS: Record<string, Bytes> = {
  ARP: pad(packet(ethernet(), arp()), 64),
  malformed: packet(ethernet(), ipv4({ headerWords: 1 }), udp(), 50),
  "cut short": packet(ethernet(), ipv4({ totalLength: 22 }), tcp(), 50),
};

function datagram(flow: number): Bytes {
  return packet(ethernet(), ipv4({ source: `10.1.${flow >> 8}.${flow & 0xff}` }), udp(), 50);
}

/** Every way through a program of each, and its verdict. */
function assertGoesOn(programs: string[]): void {
  using probe = new ProgramProbe({ programs, oneSet: true, ringBytes: pageBytes() });
  for (const program of programs) {
    for (const [what, frame] of Object.entries(STRAYS)) {
      const { returned, term } = probe.run(program, frame);
      assert.deepEqual([returned, term === "accounted"], [GO_ON, false], `${program}: ${what}`);
    }
    const terms = new Set<string>();
    for (let flow = 0; flow < 100; flow++) {
      const { returned, term } = probe.run(program, datagram(flow));
      assert.equal(returned, GO_ON, `${program}: flow ${flow}`);
      terms.add(term);
    }
    assert.deepEqual([...terms].toSorted(), ["accounted", "lost_ring_full"]);
    probe.ring.drain();
  }
}

Deno.test("every program lets every packet go on, whatever becomes of it in the books", () => assertGoesOn(PLAIN));

requires(
  "atomics that fetch",
  "5.12",
  "every program with fetching atomics lets every packet go on",
  () => assertGoesOn(FETCHING),
);

requires("atomics that fetch", "5.12", "programs with fetching atomics do what the others do", () => {
  using probe = new ProgramProbe({ programs: [...PLAIN, ...FETCHING], oneSet: true });
  const frames = [
    ...[1, 2, 3, 1, 3].map((flow) => datagram(flow)),
    packet(ethernet(), vlan(3), ipv6(), tcp({ flags: "S" })),
    packet(ethernet(), ipv4(), icmp(8), 40),
    ...Object.values(STRAYS),
  ];
  const run = (program: string) => {
    const outcomes = probe.onOneCpu(() => frames.map((frame) => probe.run(program, frame)));
    probe.ring.drain();
    return outcomes.map(({ slot, cpu: _cpu, ...outcome }) => {
      if (!slot) return outcome;
      const { index: _index, firstSeenNs: _first, lastSeenNs: _last, synNs, ackNs: _ack, ...same } = slot;
      return { ...outcome, ...same, timed: synNs > 0n };
    });
  };
  for (const program of PLAIN) assert.deepEqual(run(program.replace("weir", "weirf")), run(program), program);
});

Deno.test("programs for devices without link layer begin at the network header", async (t) => {
  const probe = shared();
  const rows = [...IPV4_ROWS, ...IPV6_ROWS, ...TRANSPORT_ROWS].filter(({ replay }) => !replay);
  for (const row of rows) {
    await t.step(row.name, () => {
      const inside = row.frame.slice(ETHERNET_BYTES);
      const ethertype = (row.frame[12]! << 8) | row.frame[13]!;
      for (const program of ["weir_ingress_ip", "weir_egress_ip"]) {
        probe.forget();
        const outcome = probe.run(program, row.frame);
        // what lies in front of the network header makes the frame longer, and IP may not claim it
        const trueBytes = Math.max(row.frame.length, 64);
        const verdict = judge(inside, { link: "ip", ethertype, trueBytes });
        assertAgreement(outcome, verdict);
        assert.equal(outcome.slot?.sourceMac ?? "000000000000", "000000000000");
      }
    });
  }
});

Deno.test("programs for devices without link layer call everything but IP not IP", () => {
  const probe = shared();
  assert.equal(probe.run("weir_ingress_ip", STRAYS.ARP!).term, "not_ip");
  assert.equal(probe.run("weir_egress_ip", packet(ethernet(), vlan(3), ipv4(), udp(), 30)).term, "not_ip");
});

Deno.test("live programs read the precise clock where a slot is claimed and where TCP tells something", () => {
  const probe = shared();
  const within = (program: string, frame: Bytes) => {
    const before = clockNs(CLOCK_MONOTONIC);
    const { slot } = probe.run(program, frame);
    assert.ok(slot);
    return { slot, before, after: clockNs(CLOCK_MONOTONIC) };
  };
  const isBetween = (time: bigint, { before, after }: { before: bigint; after: bigint }) =>
    assert.ok(before <= time && time <= after, `${before} <= ${time} <= ${after}`);

  for (const program of PLAIN) {
    probe.forget();
    const segment = (flags: string, sequence: number) => packet(ethernet(), ipv4(), tcp({ flags, sequence }), 40);
    const syn = within(program, segment("S", 1));
    isBetween(syn.slot.firstSeenNs, syn);
    assert.deepEqual([syn.slot.synNs, syn.slot.lastSeenNs], [syn.slot.firstSeenNs, syn.slot.firstSeenNs]);
    const ack = within(program, segment("A", 42));
    isBetween(ack.slot.ackNs, ack);
    isBetween(ack.slot.lastSeenNs, ack);
    const fin = within(program, segment("FA", 82));
    isBetween(fin.slot.lastSeenNs, fin);
  }
});

Deno.test("live programs see by the coarse clock that a flow goes on, and never before it began", () => {
  const probe = shared();
  const frame = datagram(1);
  const first = probe.run("weir_ingress", frame).slot!;
  assert.ok(probe.run("weir_ingress", frame).slot!.lastSeenNs >= first.firstSeenNs);
  const deadline = Date.now() + 5_000;
  for (;;) {
    const now = clockNs(CLOCK_MONOTONIC);
    const { lastSeenNs } = probe.run("weir_ingress", frame).slot!;
    assert.ok(lastSeenNs <= clockNs(CLOCK_MONOTONIC), "not ahead of time");
    if (lastSeenNs > first.firstSeenNs) break;
    assert.ok(Date.now() < deadline, `at ${now} the flow was last seen at ${lastSeenNs}`);
  }
});

Deno.test("live programs count by the device and the CPU that they run on", () => {
  const probe = shared();
  const LOOPBACK = 1;
  for (const program of PLAIN) {
    const { slot, cpu, hook } = probe.run(program, datagram(9));
    assert.ok(slot);
    assert.deepEqual([slot.ifindex, slot.ingressIfindex], [LOOPBACK, 0]);
    assert.equal(Math.floor(slot.index / (probe.plan.slotCount / probe.plan.cpuCount)), cpu);
    assert.deepEqual([hook, slot.flags], program.includes("egress") ? ["egress", 1] : ["ingress", 0]);
  }
});

requires(
  "an ingress device in test_run's context",
  "6.1",
  "live programs keep apart what came into the host by different devices",
  () => {
    const probe = shared();
    for (const program of PLAIN) {
      const slots = probe.onOneCpu(() =>
        [0, 7, 7].map((ingressIfindex) => probe.run(program, datagram(1), { ingressIfindex }))
      ).map(({ slot }) => [slot?.ingressIfindex, slot?.frames]);
      assert.deepEqual(slots, [[0, 1], [7, 1], [7, 2]], program);
      probe.ring.drain();
    }
  },
);

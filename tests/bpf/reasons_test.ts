import assert from "node:assert/strict";
import { kernelFilter } from "../../src/capture/kernel_filter.ts";
import { EVENTS, MALFORMED, TERMS } from "../../src/collect/kernel_books.ts";
import { samplingOf } from "../../src/sampling.ts";
import { filterOf } from "../support/filters.ts";
import { arp, type Bytes, cut, ethernet, hopByHop, ipv4, ipv6, packet, pad, tcp, udp } from "../support/packet.ts";
import { type Outcome, ProgramProbe, sharedProbe } from "../support/program_probe.ts";

/** What makes a frame end under a reason, or why no frame can here. */
type Way = () => Outcome;
interface Elsewhere {
  /** The test that reaches it, or why nothing does. */
  because: string;
}

const shared = sharedProbe();
const DATAGRAM = packet(ethernet(), ipv4(), udp(), 20);

function feed(frame: Bytes, trueBytes = frame.length): Outcome {
  return shared().feed(frame, { frameBytes: trueBytes });
}

/** Datagrams of so many flows into one set; what became of the last. */
function crowd(flows: number, slotSets?: number): Outcome {
  using probe = new ProgramProbe({ oneSet: true, ringBytes: 65_536, ...(slotSets ? { slotSets, cpuCount: 2 } : {}) });
  for (let ifindex = 1; ifindex < flows; ifindex++) probe.push(DATAGRAM, { ifindex });
  return probe.feed(DATAGRAM, { ifindex: flows, cpu: slotSets ? 1 : 0 });
}

/** A connection, then another on its ports, after so many others. */
function reopened(others: number): Outcome {
  using probe = new ProgramProbe({ oneSet: true, ringBytes: 65_536 });
  const segment = (flags: string, sequence: number) => packet(ethernet(), ipv4(), tcp({ flags, sequence }));
  probe.push(segment("S", 1), { ifindex: 1 });
  for (let ifindex = 2; ifindex < 2 + others; ifindex++) {
    probe.push(DATAGRAM, { ifindex });
    probe.push(segment("A", 2), { ifindex: 1 });
  }
  return probe.feed(segment("S", 900), { ifindex: 1 });
}

const RING_RECORDS = Math.floor(65_536 / 200);

const WAYS: Record<string, Way | Elsewhere> = {
  // terms
  seen: () => feed(DATAGRAM),
  accounted: () => feed(DATAGRAM),
  not_ip: () => feed(pad(packet(ethernet(), arp()), 60)),
  malformed: () => feed(packet(ethernet(), ipv4({ headerWords: 1 }), 40)),
  filtered: () => {
    using probe = new ProgramProbe({ filter: kernelFilter(filterOf({ network: { transport: { match: ["tcp"] } } })) });
    return probe.feed(DATAGRAM);
  },
  sampled_out: () => {
    using probe = new ProgramProbe({ sampling: samplingOf({ rate: 0, seed: 0, keep_failures: false }) });
    return probe.feed(DATAGRAM);
  },
  lost_ring_full: () => crowd(RING_RECORDS + 10),
  lost_no_slot: () => crowd(1, 128),
  // malformations
  link_truncated: () => feed(cut(DATAGRAM, 13)),
  ipv4_truncated: () => feed(cut(DATAGRAM, 33)),
  ipv4_header_length: () => feed(packet(ethernet(), ipv4({ headerWords: 4 }), 40)),
  ipv4_total_length: () => feed(packet(ethernet(), ipv4({ totalLength: 19 }), 40)),
  ipv6_truncated: () => feed(cut(packet(ethernet(), ipv6(), udp()), 53)),
  ipv6_payload_length: () => feed(packet(ethernet(), ipv6({ payloadLength: 99 }), 40)),
  ipv6_extension_truncated: () => feed(packet(ethernet(), ipv6(), hopByHop({ length: 9 }), 8)),
  ip_version: () => feed(packet(ethernet(), ipv4({ version: 0 }), 40)),
  transport_truncated: () => feed(cut(packet(ethernet(), ipv4(), tcp()), 40), 54),
  tcp_header_length: () => feed(packet(ethernet(), ipv4(), tcp({ headerWords: 1 }))),
  // events
  claim_empty: () => feed(DATAGRAM),
  claim_evict: () => crowd(3),
  claim_syn: () => reopened(0),
  claim_idle: () => {
    using probe = new ProgramProbe({ idleGapMs: 1 });
    probe.push(DATAGRAM, { ifindex: 1, timeNs: 1n });
    return probe.feed(DATAGRAM, { ifindex: 1, timeNs: 1_000_002n });
  },
  claim_refused: () => reopened(RING_RECORDS + 10),
  // tests/e2e/frames_test.ts sends frames whose headers are not in their linear data
  non_linear: { because: "test_run makes no such frames: the live tests do" },
  generation_odd: { because: "with fetching atomics and a slot that the test itself breaks: slots_test.ts" },
  stray_unlisted: () => {
    using probe = new ProgramProbe();
    const request = pad(packet(ethernet(), arp()), 60);
    for (let ifindex = 1; ifindex <= 1_024; ifindex++) probe.push(request, { ifindex });
    return probe.feed(request, { ifindex: 2_000 });
  },
};

for (const [reason, way] of Object.entries(WAYS)) {
  if (typeof way !== "function") continue;
  Deno.test(`reason ${reason} is reached and named`, () => {
    const outcome = way();
    const named = new Set(["seen", outcome.term, outcome.malformed, ...outcome.events]);
    assert.ok(named.has(reason), `${[...named]}`);
  });
}

Deno.test("every numbered reason has a way to it, or says why not", () => {
  const numbered = [...TERMS, ...MALFORMED.filter(Boolean), ...EVENTS];
  assert.deepEqual(Object.keys(WAYS).toSorted(), numbered.toSorted());
});

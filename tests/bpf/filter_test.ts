/** What the flow program keeps from being counted, frame by frame. */
import assert from "node:assert/strict";
import { kernelFilter } from "../../src/capture/kernel_filter.ts";
import { WITHHELD_PLACES } from "../../src/capture/strays.ts";
import { samplingOf } from "../../src/sampling.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";
import {
  arp,
  type Bytes,
  ethernet,
  fragment,
  icmp,
  ipv4,
  ipv6,
  packet,
  pad,
  tcp,
  udp,
  vlan,
} from "../support/packet.ts";
import { type ProbeOptions, ProgramProbe } from "../support/program_probe.ts";

const LIVE = "weir_ingress";
const CLIENT = "10.1.0.1";
const SERVER = "10.2.0.1";
const there = { source: CLIENT, destination: SERVER };
const back = { source: SERVER, destination: CLIENT };
const asked = { source: 40_009, destination: 443 };
const answered = { source: 443, destination: 40_009 };

function probeOf(written: WrittenFilter, options: ProbeOptions = {}): ProgramProbe {
  return new ProgramProbe({ ...options, filter: kernelFilter(filterOf(written)) });
}

/** By a live program: an emulated verifier of old takes ten times as long for the replay's. */
function assertTerms(written: WrittenFilter, expected: Record<"accounted" | "filtered", Bytes[]>): void {
  using probe = probeOf(written, { programs: [LIVE] });
  for (const [term, frames] of Object.entries(expected)) {
    for (const [i, frame] of frames.entries()) assert.equal(probe.run(LIVE, frame).term, term, `frame ${i} of ${term}`);
  }
}

Deno.test("flow program lets pass what may pass one way round: who began a flow is not known", () => {
  assertTerms({ source: { address: { match: ["10.1.0.0/16"] } } }, {
    accounted: [packet(ethernet(), ipv4(there), udp(asked)), packet(ethernet(), ipv4(back), udp(answered))],
    filtered: [packet(ethernet(), ipv4({ source: SERVER, destination: "10.3.0.1" }), udp(asked))],
  });
  // one end alone is right each time, and never both at once
  const from = { address: { match: [CLIENT] }, port: { match: ["443"] } };
  assertTerms({ source: from, destination: { address: { match: [SERVER] } } }, {
    accounted: [packet(ethernet(), ipv4(back), udp(asked))],
    filtered: [packet(ethernet(), ipv4(there), udp(asked)), packet(ethernet(), ipv4(back), udp(answered))],
  });
});

Deno.test("flow program reads addresses and ports behind tags, and of fragments the addresses alone", () => {
  const ofSix = { source: "2001:db8::1", destination: "2001:db8::2" };
  const first = packet(ethernet(), ipv4({ ...there, moreFragments: true }), udp(asked), 24);
  const later = packet(ethernet(), ipv4({ ...there, fragmentOffset: 4, protocol: 17 }), 24);
  const laterOfSix = packet(ethernet(), ipv6(ofSix), fragment({ offset: 4, next: 17 }), 24);
  assertTerms({ destination: { port: { match: ["443"] } } }, {
    accounted: [packet(ethernet(), vlan(7), ipv4(there), udp(asked)), first],
    // a later fragment's record has no port that could be 443
    filtered: [packet(ethernet(), vlan(7), ipv4(there), udp({ source: 1_009, destination: 1_013 })), later, laterOfSix],
  });
  assertTerms({ destination: { address: { match: [SERVER] } } }, { accounted: [later, first], filtered: [laterOfSix] });
});

Deno.test("flow program never takes an ICMP message's type and code for its record's ports", () => {
  assertTerms({ destination: { port: { match: ["443"] } } }, {
    accounted: [],
    filtered: [packet(ethernet(), ipv4(there), icmp(8, 0))], // no type or code is 443
  });
  assertTerms({ source: { port: { match: ["0"] } } }, {
    accounted: [packet(ethernet(), ipv4(there), icmp(8, 0)), packet(ethernet(), ipv4(there), icmp(3, 1))],
    filtered: [packet(ethernet(), ipv4(there), udp(asked))],
  });
});

Deno.test("flow program tells IP versions apart by addresses: a mapped one is IPv4 on both ends", () => {
  const mappedEnds = { source: "::ffff:a01:1", destination: "::ffff:a02:1" };
  const ofSix = { source: "2001:db8::1", destination: "2001:db8::2" };
  assertTerms({ network: { type: { match: ["ipv4"] } } }, {
    accounted: [packet(ethernet(), ipv4(there), udp()), packet(ethernet(), ipv6(mappedEnds), udp())],
    filtered: [packet(ethernet(), ipv6(ofSix), udp())],
  });
  assertTerms({ source: { address: { match: ["10.1.0.0/16"] } } }, {
    accounted: [packet(ethernet(), ipv6(mappedEnds), udp())],
    filtered: [packet(ethernet(), ipv6(ofSix), udp())],
  });
});

Deno.test("flow program takes protocols by name, by number and by glob, and lets ARP be what it is", () => {
  assertTerms({ network: { transport: { match: ["TC?", "47"], not_match: [] } } }, {
    accounted: [packet(ethernet(), ipv4(there), tcp())],
    filtered: [packet(ethernet(), ipv4(there), udp()), packet(ethernet(), ipv4(there), icmp(8))],
  });
  using probe = probeOf({ network: { transport: { match: ["tcp"] } } }, { programs: [LIVE] });
  assert.equal(probe.run(LIVE, pad(packet(ethernet(), arp()), 60)).term, "not_ip");
});

Deno.test("flow program does not tell longer IPv6 prefixes apart than its tree has: they pass", () => {
  const from = (source: string) => packet(ethernet(), ipv6({ source, destination: "2001:db8:9::9" }), udp());
  const match = ["2001:db8:0:1::7"];
  assertTerms({ source: { address: { match } }, destination: { address: { match: ["2001:db8:9::/48"] } } }, {
    accounted: [from("2001:db8:0:1::7"), from("2001:db8:0:1::8")],
    filtered: [from("2001:db8:0:2::7")],
  });
});

Deno.test("flow program keeps out the devices that it was told of", () => {
  using probe = probeOf({ network: { interface_name: { match: ["eth0"] } } });
  const frame = packet(ethernet(), ipv4(there), udp());
  probe.filterDevice(7);
  assert.equal(probe.feed(frame, { ifindex: 7 }).term, "filtered");
  assert.equal(probe.feed(frame, { ifindex: 8 }).term, "accounted");
});

Deno.test("what is kept out is listed by device, hook and term, and in all measures of the books", () => {
  using probe = new ProgramProbe({
    filter: kernelFilter(filterOf({ network: { transport: { match: ["udp"] } } })),
    sampling: samplingOf({ rate: 0, seed: 0, keep_failures: false }),
  });
  const [segment, datagram] = [packet(ethernet(), ipv4(there), tcp(), 7), packet(ethernet(), ipv4(there), udp(), 11)];
  // devices whose places in the list are the same take turns
  const devices = [3, 3 + WITHHELD_PLACES, 5, 3];
  for (const ifindex of devices) {
    for (const hook of ["ingress", "egress"] as const) {
      assert.equal(probe.feed(segment, { ifindex, hook }).bytes, segment.length);
      assert.equal(probe.feed(datagram, { ifindex, hook }).term, "sampled_out");
    }
  }
  const listed = probe.strays().map(({ ifindex, hook, term, ethertypeName, frames, bytes }) =>
    `${ifindex} ${hook} ${term} ${ethertypeName} ${frames} ${bytes}`
  );
  const expected = [[3, 2n], [3 + WITHHELD_PLACES, 1n], [5, 1n]].flatMap(([ifindex, frames]) =>
    ["ingress", "egress"].flatMap((hook) => [
      `${ifindex} ${hook} filtered ip ${frames} ${BigInt(frames!) * BigInt(segment.length)}`,
      `${ifindex} ${hook} sampled_out ip ${frames} ${BigInt(frames!) * BigInt(datagram.length)}`,
    ])
  );
  assert.deepEqual(listed.toSorted(), expected.toSorted());
});

import assert from "node:assert/strict";
import {
  arp,
  type Bytes,
  ethernet,
  geneve,
  gre,
  hopByHop,
  icmp,
  ipv4,
  ipv6,
  packet,
  pad,
  sctp,
  tcp,
  tcpOptions,
  udp,
  vlan,
  vxlan,
} from "../support/packet.ts";
import { type LiveContext, type Outcome, sharedProbe } from "../support/program_probe.ts";

const PROGRAMS = ["weir_ingress", "weir_egress", "weir_ingress_ip", "weir_egress_ip"];
const shared = sharedProbe({ programs: PROGRAMS });
const ETHERNET = 14;
const INNER = [ethernet(), ipv4({ source: "192.0.2.1" }), tcp()] as const;

interface MeasuresRow {
  name: string;
  frame: Bytes;
  context: LiveContext;
  /** Header bytes of one segment. */
  headers: number;
  packets: number;
}

function measured({ packets, bytes, wireBytes }: Outcome) {
  return { packets, bytes, wireBytes };
}

const ROWS: MeasuresRow[] = [
  {
    name: "a frame that is one packet",
    frame: packet(ethernet(), ipv4(), tcp(), 1_000),
    context: {},
    headers: 54,
    packets: 1,
  },
  {
    name: "seven segments by their number",
    frame: packet(ethernet(), ipv4(), tcp(), 1_000),
    context: { gsoSize: 149, gsoSegments: 7 },
    headers: 54,
    packets: 7,
  },
  {
    name: "segments by their size, where nobody counted them, rounded up",
    frame: packet(ethernet(), ipv4(), tcp(), 1_001),
    context: { gsoSize: 100 },
    headers: 54,
    packets: 11,
  },
  {
    name: "segments by their size without a rest",
    frame: packet(ethernet(), ipv6(), tcp(), 1_000),
    context: { gsoSize: 100 },
    headers: 74,
    packets: 10,
  },
  {
    name: "a frame that could be segmented but is less than one segment",
    frame: packet(ethernet(), ipv4(), tcp(), 50),
    context: { gsoSize: 1_448 },
    headers: 54,
    packets: 1,
  },
  {
    name: "options of IP and TCP in every segment",
    frame: packet(ethernet(), ipv4({ options: new Uint8Array(8) }), tcp({ options: tcpOptions() }), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 14 + 28 + 40,
    packets: 5,
  },
  {
    name: "tags in every segment",
    frame: packet(ethernet(), vlan(2, { tpid: 0x88a8 }), vlan(3), ipv4(), tcp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 62,
    packets: 5,
  },
  {
    name: "extension headers in every segment",
    frame: packet(ethernet(), ipv6(), hopByHop({ headerBytes: 16 }), tcp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 90,
    packets: 5,
  },
  {
    name: "datagrams of one frame (UDP GSO)",
    frame: packet(ethernet(), ipv4(), udp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 42,
    packets: 5,
  },
  {
    name: "SCTP's chunks as the packets that they become",
    frame: packet(ethernet(), ipv4(), sctp(), 500),
    context: { gsoSize: 0xffff, gsoSegments: 5 },
    headers: 46,
    packets: 5,
  },
  {
    name: "both layers of VXLAN",
    frame: packet(ethernet(), ipv4(), udp({ destination: 4_789 }), vxlan(5), ...INNER, 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 42 + 8 + 54,
    packets: 5,
  },
  {
    name: "VXLAN on Linux' own port, tagged inside, its segments by their size",
    frame: packet(
      ethernet(),
      ipv6(),
      udp({ destination: 8_472 }),
      vxlan(5),
      ethernet(),
      vlan(9),
      ipv6(),
      tcp(),
      500,
    ),
    context: { gsoSize: 100 },
    headers: 62 + 8 + 78,
    packets: 5,
  },
  {
    name: "Geneve with options",
    frame: packet(ethernet(), ipv4(), udp({ destination: 6_081 }), geneve(5, 3), ...INNER, 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 42 + 8 + 12 + 54,
    packets: 5,
  },
  {
    name: "Geneve with IP inside",
    frame: packet(ethernet(), ipv4(), udp({ destination: 6_081 }), geneve(5), ipv6(), tcp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 42 + 8 + 60,
    packets: 5,
  },
  {
    name: "GRE",
    frame: packet(ethernet(), ipv4(), gre(), ipv4(), tcp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 34 + 4 + 40,
    packets: 5,
  },
  {
    name: "GRE with all its options and Ethernet inside",
    frame: packet(ethernet(), ipv6(), gre({ checksum: true, key: true, sequence: true }), ...INNER, 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 54 + 16 + 54,
    packets: 5,
  },
  {
    name: "IPv4 in IPv4",
    frame: packet(ethernet(), ipv4(), ipv4(), tcp(), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 74,
    packets: 5,
  },
  {
    name: "IPv6 in IPv4, its segments by their size",
    frame: packet(ethernet(), ipv4(), ipv6(), tcp(), 460),
    context: { gsoSize: 100 },
    headers: 94,
    packets: 5,
  },
  {
    name: "a tunnel's port with something else inside by its outer headers",
    frame: packet(ethernet(), ipv4(), udp({ destination: 4_789 }), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 42,
    packets: 5,
  },
  {
    name: "GRE of something that is not IP by its outer headers",
    frame: packet(ethernet(), ipv4(), gre({ ethertype: 0x8847 }), 500),
    context: { gsoSize: 100, gsoSegments: 5 },
    headers: 34,
    packets: 5,
  },
  {
    name: "BIG TCP, whose length field is 0",
    frame: packet(ethernet(), ipv4({ totalLength: 0 }), tcp(), 1_000),
    context: { gsoSize: 100, gsoSegments: 10 },
    headers: 54,
    packets: 10,
  },
];

Deno.test("flow program measures", async (t) => {
  const probe = shared();
  for (const row of ROWS) {
    await t.step(row.name, () => {
      const { frame, context, headers, packets } = row;
      const wireBytes = frame.length + (packets - 1) * headers;
      const [outcome, again] = probe.onOneCpu(() => [
        probe.run("weir_ingress", frame, context),
        probe.run("weir_ingress", frame, context),
      ]);
      assert.equal(outcome?.term, "accounted");
      assert.deepEqual(measured(outcome), { packets, bytes: frame.length, wireBytes });
      const slot = again?.slot;
      assert.ok(slot);
      assert.deepEqual(
        [slot.frames, slot.packets, slot.bytes, slot.wireBytes],
        [2, 2 * packets, 2 * frame.length, 2 * wireBytes],
        "a slot adds up",
      );
    });
  }
});

Deno.test("flow program measures from the network header on where a device has no link layer", async (t) => {
  const probe = shared();
  for (const row of ROWS) {
    // tags are a link layer's
    if (row.frame[12] === 0x88) continue;
    await t.step(row.name, () => {
      probe.forget();
      const { frame, context } = row;
      const outcome = probe.run("weir_ingress_ip", frame, context);
      const headers = row.headers - ETHERNET;
      // under segmentation only the frame itself knows its length, outer headers included
      const bytes = context.gsoSize ? frame.length : frame.length - ETHERNET;
      const { gsoSize, gsoSegments } = context;
      const packets = gsoSize && !gsoSegments ? Math.ceil((bytes - headers) / gsoSize) : row.packets;
      assert.deepEqual(measured(outcome), { packets, bytes, wireBytes: bytes + (packets - 1) * headers });
    });
  }
});

Deno.test("flow program takes wire_len for the wire bytes of segments leaving, where it is larger", () => {
  const probe = shared();
  const frame = packet(ethernet(), ipv4(), tcp(), 1_000);
  const segments = { gsoSize: 100, gsoSegments: 10 };
  const computed = 1_054 + 9 * 54;
  const wire = (program: string, context: LiveContext) => probe.run(program, frame, context).wireBytes;
  assert.equal(wire("weir_egress", { ...segments, wireBytes: computed + 7 }), computed + 7);
  assert.equal(wire("weir_egress_ip", { ...segments, wireBytes: computed + 7 }), computed + 7);
  assert.equal(wire("weir_egress", { ...segments, wireBytes: computed - 7 }), computed);
  assert.equal(wire("weir_ingress", { ...segments, wireBytes: computed + 7 }), computed, "arriving: it means less");
  assert.equal(wire("weir_egress", { wireBytes: computed }), 1_054, "a frame that is one packet is as long as it is");
});

Deno.test("flow program measures strays like flows", () => {
  const probe = shared();
  const broken = packet(ethernet(), ipv4({ headerWords: 1 }), tcp(), 500);
  const outcome = probe.run("weir_ingress", broken, { gsoSize: 100, gsoSegments: 5 });
  assert.equal(outcome.term, "malformed");
  assert.equal(outcome.packets, 5);
  const request = pad(packet(ethernet(), arp()), 64);
  assert.deepEqual(measured(probe.run("weir_egress", request)), { packets: 1, bytes: 64, wireBytes: 64 });
});

Deno.test("flow program takes a length field of 0 for wrong where nothing is left to segment", () => {
  const probe = shared();
  const four = packet(ethernet(), ipv4({ totalLength: 0 }), icmp(8), 100);
  const six = packet(ethernet(), ipv6({ payloadLength: 0 }), tcp(), 100);
  assert.equal(probe.run("weir_ingress", four).malformed, "ipv4_total_length");
  assert.equal(probe.run("weir_ingress", six).malformed, "transport_truncated");
  assert.equal(probe.run("weir_ingress", six, { gsoSize: 50, gsoSegments: 2 }).term, "accounted");
});

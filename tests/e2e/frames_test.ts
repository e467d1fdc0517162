/** Frames that BPF_PROG_TEST_RUN cannot make: large ones of virtual machines, headers in pages, L3 devices, tags. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import { AgentProcess, type Ended } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";
import { concat, ethernet, icmp6, ipv4, ipv6, packet, tcp, udp, vlan } from "../support/packet.ts";
import { RawSocket, TunDevice, virtioHeader } from "../support/raw_io.ts";
import { attribute } from "../support/span_sums.ts";

async function watch(namespace: Namespace, device: string): Promise<AgentProcess> {
  return await AgentProcess.start({ namespace, args: ["--interface", device, "--output", "json"] });
}

async function end(agent: AgentProcess): Promise<Ended> {
  const ended = await agent.stop();
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
  assertNothingLost(ended.books);
  return ended;
}

/** The one span from this source port. */
function spanFrom({ spans }: Ended, port: number): FlowSpan {
  const found = spans.filter(({ attributes }) => attributes["source.port"] === port);
  equal(found.length, 1, `spans from port ${port}: ${JSON.stringify(spans)}`);
  return found[0]!;
}

function measures(span: FlowSpan): { frames: number; packets: number; bytes: number; wireBytes: number } {
  return {
    frames: attribute(span, "weir.frames.delta"),
    packets: attribute(span, "flow.packets.delta"),
    bytes: attribute(span, "flow.bytes.delta"),
    wireBytes: attribute(span, "weir.wire_bytes.delta"),
  };
}

const ETHERNET_BYTES = 14;

Deno.test("run counts the segments of a virtual machine's large frames (tap with virtio headers)", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("host");
  using tap = new TunDevice({ interface: "tap0", namespace: host.name, kind: "tap", virtioHeaders: true });
  host.ip("link set dev tap0 up");
  await using agent = await watch(host, "tap0");
  const payloadBytes = 9_001;
  const large = [
    { port: 20_001, gso: "tcp4", network: ipv4(), segmentBytes: 1_448, headerBytes: 14 + 20 + 20 },
    { port: 20_002, gso: "tcp6", network: ipv6(), segmentBytes: 1_428, headerBytes: 14 + 40 + 20 },
    { port: 20_003, gso: "udp", network: ipv4(), segmentBytes: 1_000, headerBytes: 14 + 20 + 8 },
  ] as const;
  for (const { port, gso, network, segmentBytes, headerBytes } of large) {
    const isTcp = gso !== "udp";
    const transport = isTcp ? tcp({ source: port, flags: "PA" }) : udp({ source: port });
    const transportBytes = isTcp ? 20 : 8;
    const checksumStart = headerBytes - transportBytes;
    const header = virtioHeader({ gso, headerBytes, segmentBytes, checksumStart, checksumOffset: isTcp ? 16 : 6 });
    tap.write(concat(header, packet(ethernet(), network, transport, payloadBytes)));
  }
  const ended = await end(agent);
  for (const { port, segmentBytes, headerBytes } of large) {
    const bytes = headerBytes + payloadBytes;
    const packets = Math.ceil(payloadBytes / segmentBytes);
    const wireBytes = bytes + (packets - 1) * headerBytes;
    deepEqual(measures(spanFrom(ended, port)), { frames: 1, packets, bytes, wireBytes });
  }
  deepEqual(ended.books.audit.map(({ verdict, cause }) => ({ verdict, cause })), [{ verdict: "equal", cause: "" }]);
});

Deno.test("run reads headers that lie outside a frame's linear data", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("host");
  // a virtual machine says how much of a frame shall be linear: here, the link header alone
  using tap = new TunDevice({ interface: "tap0", namespace: host.name, kind: "tap", virtioHeaders: true });
  host.ip("link set dev tap0 up");
  await using agent = await watch(host, "tap0");
  const header = new Uint8Array(10);
  new DataView(header.buffer).setUint16(2, ETHERNET_BYTES, true);
  const payloadBytes = 6_000;
  const frames = [
    packet(ethernet(), ipv4(), udp({ source: 21_001 }), payloadBytes),
    packet(ethernet(), ipv6(), tcp({ source: 21_002, flags: "PA" }), payloadBytes),
    packet(ethernet(), ipv6(), icmp6(128), payloadBytes),
  ];
  for (const frame of frames) tap.write(concat(header, frame));
  const ended = await end(agent);
  for (const [i, port] of [21_001, 21_002, 128].entries()) {
    const bytes = frames[i]!.length;
    deepEqual(measures(spanFrom(ended, port)), { frames: 1, packets: 1, bytes, wireBytes: bytes });
  }
  ok(ended.books.events.non_linear! >= frames.length, JSON.stringify(ended.books.events));
});

Deno.test("run reads packets of a device without link layer (tun)", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("host");
  using tun = new TunDevice({ interface: "tun0", namespace: host.name, kind: "tun" });
  host.ip("link set dev tun0 up");
  await using agent = await watch(host, "tun0");
  const packets = [
    packet(ipv4(), udp({ source: 22_001 }), 100),
    packet(ipv6(), tcp({ source: 22_002 }), 200),
    packet(ipv6(), icmp6(128), 50),
  ];
  for (const one of packets) for (let i = 0; i < 3; i++) tun.write(one);
  // cut in its header: no flow, and no packet of another one
  tun.write(packet(ipv4(), udp({ source: 22_009 }), 100).slice(0, 24));
  const ended = await end(agent);
  for (const [i, port] of [22_001, 22_002, 128].entries()) {
    const bytes = 3 * packets[i]!.length;
    const span = spanFrom(ended, port);
    deepEqual(measures(span), { frames: 3, packets: 3, bytes, wireBytes: bytes });
    equal(span.attributes["network.interface.mac"], undefined);
  }
  deepEqual(ended.books.packets.malformed, 1);
  equal(ended.spans.filter(({ attributes }) => attributes["source.port"] === 22_009).length, 0);
});

Deno.test("run sees a tag in the frame where it leaves, and the same tag beside the frame where it arrives", async () => {
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  await using sender = await watch(there, "far");
  await using receiver = await watch(here, "near");
  using socket = new RawSocket({ interface: "far", namespace: there.name });
  // the kernel takes the outer tag out of a frame that it receives
  const one = packet(ethernet(), vlan(7), ipv4(), udp({ source: 23_001 }), 100);
  const two = packet(ethernet(), vlan(8, { tpid: 0x88a8 }), vlan(9), ipv6(), udp({ source: 23_002 }), 100);
  for (let i = 0; i < 5; i++) for (const frame of [one, two]) socket.send(frame);
  const [left, arrived] = [await end(sender), await end(receiver)];
  for (const [ended, tagBytes] of [[left, 0], [arrived, 4]] as const) {
    for (const [port, frame, id] of [[23_001, one, 7], [23_002, two, 8]] as const) {
      const span = spanFrom(ended, port);
      equal(span.attributes["weir.vlan.id"], id);
      const bytes = 5 * (frame.length - tagBytes);
      deepEqual(measures(span), { frames: 5, packets: 5, bytes, wireBytes: bytes });
    }
  }
  // the device counted the tags' bytes
  const [line] = arrived.books.audit;
  equal(line!.verdict, "explained", JSON.stringify(line));
  match(line!.cause, /VLAN tags/);
});

import assert from "node:assert/strict";
import { isReadable, LinkLayer, linkTypeName } from "../../src/capture/pcap/link_layer.ts";
import { emptyFrame, type RecordedFrame } from "../../src/capture/pcap/recorded_frame.ts";
import { REPLAY_DATA_BYTES_MAX, type ReplayFrame } from "../../src/capture/replay.ts";
import { type Bytes, concat, ethernet, ipv4, ipv6, linkAddress, packet, udp, vlan } from "../support/packet.ts";
import { LINK_TYPE } from "../support/pcap_writer.ts";

const IP4 = packet(ipv4(), udp(), 9);
const IP6 = packet(ipv6(), udp(), 9);
const MAC = "02:00:00:00:00:77";

function convert(linkType: number, data: Bytes, frameBytes = data.length): { frame: RecordedFrame; into: ReplayFrame } {
  const frame: RecordedFrame = {
    ...emptyFrame(),
    data,
    frameBytes,
    interface: { index: 0, name: undefined, linkType },
  };
  const into: ReplayFrame = {
    data: new Uint8Array(),
    frameBytes: -1,
    linkBytes: -1,
    withoutMacs: false,
    timeNs: 0n,
    ifindex: 0,
    hook: "ingress",
  };
  new LinkLayer().convert(frame, into);
  return { frame, into };
}

/** What a converted frame must look like: destination unknown, then the source, the type, and the packet. */
function ethernetOf(ethertype: number, inside: Bytes, source = "00:00:00:00:00:00"): Bytes {
  return concat(new Uint8Array(6), linkAddress(source), Uint8Array.of(ethertype >> 8, ethertype & 0xff), inside);
}

function cooked(type: number, hardware: number, protocol: number, inside: Bytes, source = MAC): Bytes {
  return concat(
    Uint8Array.of(0, type, hardware >> 8, hardware & 0xff, 0, 6),
    linkAddress(source),
    Uint8Array.of(0, 0, protocol >> 8, protocol & 0xff),
    inside,
  );
}

function cooked2(type: number, hardware: number, protocol: number, ifindex: number, inside: Bytes): Bytes {
  return concat(
    Uint8Array.of(protocol >> 8, protocol & 0xff, 0, 0, 0, 0, ifindex >> 8, ifindex & 0xff),
    Uint8Array.of(hardware >> 8, hardware & 0xff, type, 6),
    linkAddress(MAC),
    Uint8Array.of(0, 0),
    inside,
  );
}

Deno.test("LinkLayer leaves Ethernet as it is", () => {
  const data = packet(ethernet(), vlan(7), ipv4(), udp(), 9);
  const { into } = convert(LINK_TYPE.ethernet, data, 1_400);
  assert.deepEqual(into.data, data);
  assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [1_400, 14, false]);
});

const RAW: Array<[string, number, Bytes, number]> = [
  ["raw IP, version 4", 101, IP4, 0x0800],
  ["raw IP, version 6", 101, IP6, 0x86dd],
  ["raw IP as BSD numbers it", 12, IP6, 0x86dd],
  ["raw IP as OpenBSD numbers it", 14, IP4, 0x0800],
  ["raw IPv4", LINK_TYPE.ipv4, IP4, 0x0800],
  ["raw IPv6", LINK_TYPE.ipv6, IP6, 0x86dd],
];

for (const [what, linkType, data, ethertype] of RAW) {
  Deno.test(`LinkLayer puts Ethernet in front of ${what} and counts it as no link header`, () => {
    const { into } = convert(linkType, data);
    assert.deepEqual(into.data, ethernetOf(ethertype, data));
    assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [data.length, 0, true]);
  });
}

const FAMILIES: Array<[string, number, Uint8Array<ArrayBuffer>, Bytes, number]> = [
  ["IPv4, little-endian host", LINK_TYPE.null, Uint8Array.of(2, 0, 0, 0), IP4, 0x0800],
  ["IPv4, big-endian host", LINK_TYPE.null, Uint8Array.of(0, 0, 0, 2), IP4, 0x0800],
  ["IPv6 on FreeBSD", LINK_TYPE.null, Uint8Array.of(28, 0, 0, 0), IP6, 0x86dd],
  ["IPv6 on macOS", LINK_TYPE.null, Uint8Array.of(30, 0, 0, 0), IP6, 0x86dd],
  ["IPv6 on OpenBSD", LINK_TYPE.loop, Uint8Array.of(0, 0, 0, 24), IP6, 0x86dd],
  ["another family", LINK_TYPE.null, Uint8Array.of(7, 0, 0, 0), IP4, 0],
];

for (const [what, linkType, family, data, ethertype] of FAMILIES) {
  Deno.test(`LinkLayer reads BSD loopback: ${what}`, () => {
    const { into } = convert(linkType, concat(family, data));
    assert.deepEqual(into.data, ethernetOf(ethertype, data));
    assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [data.length, 0, true]);
  });
}

Deno.test("LinkLayer counts cooked frames of Ethernet and loopback devices with their 14 bytes, keeping the sender", () => {
  for (const hardware of [1, 772]) {
    const { into } = convert(LINK_TYPE.sll, cooked(0, hardware, 0x0800, IP4));
    assert.deepEqual(into.data, ethernetOf(0x0800, IP4, MAC));
    assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [IP4.length + 14, 14, false]);
    assert.equal(into.hook, "ingress");
  }
});

Deno.test("LinkLayer counts cooked frames of devices without link layer as IP alone", () => {
  const { into } = convert(LINK_TYPE.sll, cooked(0, 65534, 0x86dd, IP6));
  assert.deepEqual(into.data, ethernetOf(0x86dd, IP6));
  assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [IP6.length, 0, true]);
});

Deno.test("LinkLayer takes a cooked frame that the recording host sent for egress", () => {
  assert.equal(convert(LINK_TYPE.sll, cooked(4, 1, 0x0800, IP4)).into.hook, "egress");
  for (const type of [1, 2, 3]) {
    assert.equal(convert(LINK_TYPE.sll, cooked(type, 1, 0x0800, IP4)).into.hook, "ingress", `type ${type}`);
  }
  assert.equal(convert(LINK_TYPE.sll2, cooked2(4, 1, 0x0800, 3, IP4)).into.hook, "egress");
});

Deno.test("LinkLayer reads the second cooked format, and which device a frame passed", () => {
  const { frame, into } = convert(LINK_TYPE.sll2, cooked2(0, 1, 0x86dd, 0x1234, IP6));
  assert.deepEqual(into.data, ethernetOf(0x86dd, IP6, MAC));
  assert.deepEqual([into.frameBytes, into.linkBytes, into.withoutMacs], [IP6.length + 14, 14, false]);
  assert.equal(frame.ifindex, 0x1234);
});

Deno.test("LinkLayer keeps tags behind cooked headers", () => {
  const tagged = packet(vlan(7), ipv4(), udp(), 9);
  assert.deepEqual(convert(LINK_TYPE.sll, cooked(0, 1, 0x8100, tagged)).into.data, ethernetOf(0x8100, tagged, MAC));
});

Deno.test("LinkLayer gives the program too little of a frame that is shorter than its link header", () => {
  for (const [linkType, headerBytes] of [[113, 16], [276, 20], [0, 4], [108, 4]] as const) {
    for (let length = 0; length < headerBytes; length++) {
      const { into } = convert(linkType, new Uint8Array(length));
      assert(into.data.length < 14);
      assert.equal(into.frameBytes, length);
    }
  }
});

Deno.test("LinkLayer keeps as much of a long frame as the program takes, and all of its length", () => {
  const { into } = convert(101, packet(ipv4(), udp(), 9_000));
  assert.equal(into.data.length, REPLAY_DATA_BYTES_MAX);
  assert.equal(into.frameBytes, 9_028);
});

Deno.test("LinkLayer leaves nothing of one frame in the next", () => {
  const layer = new LinkLayer();
  const frame = (linkType: number, data: Bytes): RecordedFrame => ({
    ...emptyFrame(),
    data,
    frameBytes: data.length,
    interface: { index: 0, name: undefined, linkType },
  });
  const { into } = convert(1, IP4);
  layer.convert(frame(113, cooked(0, 1, 0x0800, IP4)), into);
  layer.convert(frame(101, IP6), into);
  assert.deepEqual(into.data, ethernetOf(0x86dd, IP6));
});

Deno.test("isReadable() and linkTypeName() know what they cannot read, too", () => {
  assert(isReadable(1) && isReadable(276));
  assert(!isReadable(127) && !isReadable(4_711));
  assert.equal(linkTypeName(127), "127 (IEEE 802.11 with radiotap header)");
  assert.equal(linkTypeName(4_711), "4711");
});

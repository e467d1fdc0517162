import { deepEqual, equal, ok } from "node:assert/strict";
import { filterRequest, readFilterMessages } from "../../src/capture/netlink_filter.ts";
import { type LinkMessage, linkRequest, readLinkMessages } from "../../src/capture/netlink_link.ts";
import {
  type AttributeSpec,
  concatenate,
  filterBody,
  linkBody,
  message,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_DELLINK,
  RTM_NEWLINK,
  RTM_NEWTFILTER,
} from "../support/netlink_builder.ts";

const IFF_UP = 1;
const AF_BRIDGE = 7;
const NESTED = 0x8000;
const FUZZ_ROUNDS = 20_011;

const STATS = new Uint8Array(new BigUint64Array([11n, 13n, 1_103n, 1_301n, 0n, 0n, 17n, 0n]).buffer);
/** A veth, its peer elsewhere, on a bridge, with an XDP program. */
const VETH: AttributeSpec[] = [
  [3, "veth7"],
  [5, 41],
  [10, 6],
  [37, 3],
  [23, STATS],
  [18 | NESTED, [[1, "veth"], [4, "bridge"]]],
  [43 | NESTED, [[2, new Uint8Array([1])], [4, 977]]],
];

function readLinks(...parts: Uint8Array[]): LinkMessage[] {
  return [...readLinkMessages(concatenate(parts))];
}

function oneDevice(specs: AttributeSpec[], facts: { hardwareType?: number; flags?: number } = {}) {
  const [first] = readLinks(message(RTM_NEWLINK, linkBody({ ifindex: 7, ...facts }, specs)));
  ok(first?.type === "new");
  return first.device;
}

Deno.test("readLinkMessages() reads a device with all that matters of it", () => {
  deepEqual(oneDevice(VETH, { flags: IFF_UP }), {
    ifindex: 7,
    name: "veth7",
    hardwareType: 1,
    up: true,
    kind: "veth",
    master: 6,
    link: 41,
    linkElsewhere: true,
    vlan: 0,
    xdpProgramId: 977,
    counters: { rxPackets: 11n, txPackets: 13n, rxBytes: 1_103n, txBytes: 1_301n, rxDropped: 17n },
  });
});

Deno.test("readLinkMessages() reads what a kind tells of itself, in whatever order", () => {
  const vlanId = new Uint8Array([0x64, 0]);
  equal(oneDevice([[18, [[1, "vlan"], [2, [[1, vlanId]]]]]]).vlan, 100);
  equal(oneDevice([[18, [[2, [[1, vlanId]]], [1, "vlan"]]]]).vlan, 100);
  equal(oneDevice([[18, [[1, "other"], [2, [[1, vlanId]]]]]]).vlan, 0);
  equal(oneDevice([[18, [[1, "vxlan"], [2, [[3, 9]]]]]]).link, 9);
  equal(oneDevice([[5, 4], [18, [[1, "vxlan"], [2, [[3, 9]]]]]]).link, 4);
  equal(oneDevice([[5, 7]]).link, 0, "a device that is its own link has nothing below it");
});

Deno.test("readLinkMessages() reads several messages of a datagram, and passes over other types and families", () => {
  const said = readLinks(
    message(RTM_NEWLINK, linkBody({ ifindex: 7 }, [[3, "a"]])),
    message(RTM_DELLINK, linkBody({ ifindex: 7, family: AF_BRIDGE })),
    message(24, new Uint8Array(7)),
    message(RTM_DELLINK, linkBody({ ifindex: 8 })),
  );
  deepEqual(said.map((m) => m.type === "new" ? m.device.name : m), ["a", { type: "gone", ifindex: 8 }]);
});

Deno.test("readLinkMessages() tells the end of a dump, whether it was interrupted, and errors", () => {
  deepEqual(readLinks(message(NLMSG_DONE, new Uint8Array(4))), [{ type: "done", interrupted: false }]);
  deepEqual(readLinks(message(NLMSG_DONE, new Uint8Array(4), { flags: 0x12 })), [{ type: "done", interrupted: true }]);
  const error = new Uint8Array(20);
  new DataView(error.buffer).setInt32(0, -19, true);
  deepEqual(readLinks(message(NLMSG_ERROR, error)), [{ type: "error", errno: 19 }]);
  equal(readLinks(message(NLMSG_ERROR, new Uint8Array(0))).length, 1);
});

Deno.test("readLinkMessages() ends at a message that is cut short or lies about its length", () => {
  const whole = message(RTM_NEWLINK, linkBody({ ifindex: 7 }, [[3, "a"]]));
  for (const length of [0, 15, 1_009, 0xffffffff]) {
    const liar = message(RTM_NEWLINK, linkBody({ ifindex: 9 }), { length });
    equal(readLinks(whole, liar, whole).length, 1, `length ${length}`);
  }
  for (let bytes = 0; bytes < whole.length; bytes++) {
    deepEqual([...readLinkMessages(whole.subarray(0, bytes))], [], `${bytes} bytes`);
  }
  deepEqual(readLinks(message(RTM_NEWLINK, new Uint8Array(15))), [], "too short for its body");
});

Deno.test("readLinkMessages() reads nothing from beyond an attribute that lies about its length", () => {
  for (const length of [0, 3, 200, 0xffff]) {
    const specs: AttributeSpec[] = [[3, "eth0"], [10, 6], [5, 41]];
    const body = linkBody({ ifindex: 7 }, specs);
    const masterAt = 16 + 12; // behind ifinfomsg and the name
    new DataView(body.buffer).setUint16(masterAt, length, true);
    const [first] = readLinks(message(RTM_NEWLINK, body));
    ok(first?.type === "new");
    equal(first.device.name, "eth0");
    equal(first.device.master, 0);
    equal(first.device.link, 0, "what follows a broken attribute cannot be found");
  }
  equal(oneDevice([[10, new Uint8Array([6, 0])]]).master, 0, "two bytes are no number of four");
  deepEqual(oneDevice([[23, STATS.subarray(0, 48)]]).counters.rxPackets, 0n);
  equal(oneDevice([[18, [[1, "vlan"], [2, [[1, new Uint8Array([1])]]]]]]).vlan, 0);
  equal(oneDevice([[3, new TextEncoder().encode("no-nul")]]).name, "no-nul");
});

Deno.test("readFilterMessages() reads bpf filters and others, and no chain heads", () => {
  const said = [...readFilterMessages(concatenate([
    message(RTM_NEWTFILTER, filterBody(0, 3, [[1, "bpf"]])),
    message(RTM_NEWTFILTER, filterBody(0x7765, 3, [[1, "bpf"], [2, [[7, "x.o:[tc]"], [11, 977]]]])),
    message(RTM_NEWTFILTER, filterBody(1, 49_152, [[1, "flower"], [2, [[7, "no name"], [11, 5]]]])),
    message(NLMSG_DONE, new Uint8Array(4)),
  ]))];
  deepEqual(said, [
    { type: "filter", filter: { handle: 0x7765, priority: 3, kind: "bpf", name: "x.o:[tc]", programId: 977 } },
    { type: "filter", filter: { handle: 1, priority: 49_152, kind: "flower", name: "", programId: 0 } },
    { type: "done", interrupted: false },
  ]);
});

Deno.test("linkRequest() and filterRequest() say what they ask for", () => {
  const view = (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer);
  equal(view(linkRequest(0, 1)).getUint16(6, true), 0x301, "all: a dump");
  equal(view(linkRequest(7, 1)).getUint16(6, true), 0x001);
  equal(view(linkRequest(7, 5)).getInt32(20, true), 7);
  equal(view(linkRequest(7, 5)).getUint32(8, true), 5);
  equal(view(filterRequest(7, "ingress", 1)).getUint32(28, true), 0xfffffff2);
  equal(view(filterRequest(7, "egress", 1)).getUint32(28, true), 0xfffffff3);
  equal(linkRequest(7, 1).length, view(linkRequest(7, 1)).getUint32(0, true));
});

/** xorshift32: the same numbers from the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

Deno.test("readLinkMessages() and readFilterMessages() survive any bytes", () => {
  const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed} (WEIR_SEED repeats it)`);
  const pick = random(seed);
  const whole = concatenate([
    message(RTM_NEWLINK, linkBody({ ifindex: 7, flags: IFF_UP }, VETH)),
    message(RTM_NEWTFILTER, filterBody(0x7765, 3, [[1, "bpf"], [2, [[7, "x.o:[tc]"], [11, 977]]]])),
    message(RTM_DELLINK, linkBody({ ifindex: 7 })),
    message(NLMSG_DONE, new Uint8Array(4)),
  ]);
  let devices = 0;
  for (let round = 0; round < FUZZ_ROUNDS; round++) {
    const bytes = whole.slice(0, 1 + pick(whole.length));
    for (let changes = pick(6); changes > 0; changes--) bytes[pick(bytes.length)] = pick(256);
    const links = [...readLinkMessages(bytes)];
    const filters = [...readFilterMessages(bytes)];
    ok(links.length + filters.length <= bytes.length / 8, "a message has a header of 16 bytes");
    for (const link of links) if (link.type === "new") devices++;
  }
  ok(devices > FUZZ_ROUNDS / 10, `${devices} devices: most bytes must still be messages`);
});

/**
 * The counting rule: however many hooks a packet passes, in whatever order they are read, it counts once, and each flow
 * shows both of its directions. Each path below is what the kernel does with a packet; tests/e2e tries it for real.
 */
import assert from "node:assert/strict";
import type { TableDevice } from "../../src/capture/device_table.ts";
import { Fact } from "../../src/flow_record.ts";
import { tableDevice } from "../support/device.ts";
import { BRIDGE, bridgedHost, ETH, LO, onlyAttached, POD_A, POD_B } from "../support/host_devices.ts";
import type { RecordView } from "../support/record_view.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { openTableRig, START_NS, type TableRig } from "../support/table_rig.ts";

const CLIENT = "10.1.0.4";
const SERVER = "10.1.0.5";
const SERVICE = "10.96.0.10";
const OUTSIDE = "192.0.2.7";
const HOST = "192.0.2.1";

/** How packets of one tuple pass the host: who, to whom, how many, and "device hook ingress_ifindex" for each hook. */
interface Passage {
  from: string;
  to: string;
  packets: number;
  path: string;
  vlans?: number[];
}

const PORTS: Record<string, number> = { [SERVER]: 443, [SERVICE]: 443, [OUTSIDE]: 443, "127.0.0.2": 443 };

function portOf(host: string, peer: string): number {
  return PORTS[host] !== undefined && !(host === OUTSIDE && PORTS[peer] !== undefined) ? 443 : 40_009;
}

function sightings(devices: TableDevice[], passages: Passage[]): Sighting[] {
  return passages.flatMap(({ from, to, packets, path, vlans }) =>
    path.split(", ").flatMap((step, i) => {
      const [name, hook, ingress] = step.split(" ");
      const device = devices.find((device) => device.name === name)!;
      if (!device.attached) return [];
      return [{
        ifindex: device.ifindex,
        hook: hook === "in" ? "ingress" as const : "egress" as const,
        ingressIfindex: hook === "in" ? device.ifindex : devices.find((other) => other.name === ingress)?.ifindex ?? 0,
        source: from,
        destination: to,
        sourcePort: portOf(from, to),
        destinationPort: portOf(to, from),
        packets,
        vlan: vlans?.[i] ?? 0,
        atNs: START_NS + 1n,
      }];
    })
  );
}

interface Outcome {
  counted: number;
  duplicate: number;
  assumed: number;
  flows: string[];
}

/** Everything that must not depend on the order of reading. */
function outcome(rig: TableRig, records: RecordView[]): Outcome {
  const { table } = rig.checkBooks();
  rig.checkClosed();
  const counted = (record: RecordView) =>
    [Fact.COUNTED_FORWARD, Fact.COUNTED_REVERSE].map((fact) => record.has(fact) ? "counted" : "shown");
  return {
    counted: Number(table.counted.packets),
    duplicate: Number(table.duplicate.packets),
    assumed: Number(table.assumed_duplicate.packets),
    flows: records.map((record) => {
      const [forward, reverse] = counted(record);
      const there = record.forward.packets ? `${record.forward.packets} ${forward}` : "0";
      const back = record.reverse.packets ? `${record.reverse.packets} ${reverse}` : "0";
      return `${record.source} > ${record.destination}: ${there}, ${back}`;
    }).sort(),
  };
}

/** Reads the slots in several orders, in one look and in two, and expects the same of all. */
async function watch(devices: TableDevice[], ...passages: Passage[]): Promise<Outcome> {
  const all = sightings(devices, passages);
  const orders = [all, all.toReversed(), ...all.map((_, i) => [...all.slice(i), ...all.slice(0, i)])];
  const outcomes: Outcome[] = [];
  for (const [i, order] of orders.entries()) {
    const rig = await openTableRig({}, i % 2 ? devices : devices.toReversed());
    const parts = i < 2 ? 1 : 2;
    for (let part = 0; part < parts; part++) {
      // a packet passes all of its hooks before the next one comes
      for (const one of order) {
        const packets = part === 0 && parts > 1 ? 1 : one.packets! - (parts - 1);
        rig.slots.see({ ...one, packets });
      }
      rig.count();
    }
    outcomes.push(outcome(rig, rig.flush()));
  }
  for (const [i, other] of outcomes.entries()) assert.deepEqual(other, outcomes[0], `order ${i}`);
  return outcomes[0]!;
}

Deno.test("counting rule: pod to pod over a bridge counts where it enters", async () => {
  const host = bridgedHost();
  const result = await watch(
    host,
    { from: CLIENT, to: SERVER, packets: 7, path: "vethA in, vethB eg vethA" },
    { from: SERVER, to: CLIENT, packets: 5, path: "vethB in, vethA eg vethB" },
  );
  assert.deepEqual(result, {
    counted: 12,
    duplicate: 12,
    assumed: 0,
    flows: [`${CLIENT} > ${SERVER}: 7 counted, 5 counted`],
  });
});

Deno.test("counting rule: pod to outside counts at the pod, the answer at the NIC", async () => {
  const result = await watch(
    bridgedHost(),
    { from: CLIENT, to: OUTSIDE, packets: 7, path: "vethA in, br0 in, eth0 eg br0" },
    { from: OUTSIDE, to: CLIENT, packets: 5, path: "eth0 in, br0 eg eth0, vethA eg eth0" },
  );
  assert.deepEqual(result, {
    counted: 12,
    duplicate: 24,
    assumed: 0,
    flows: [`${CLIENT} > ${OUTSIDE}: 7 counted, 5 counted`],
  });
});

Deno.test("counting rule: what the host sends to a pod counts on the bridge, what it gets back at the pod", async () => {
  const result = await watch(
    bridgedHost(),
    { from: HOST, to: SERVER, packets: 7, path: "br0 eg -, vethB eg -" },
    { from: SERVER, to: HOST, packets: 5, path: "vethB in, br0 in" },
  );
  assert.deepEqual(result, {
    counted: 12,
    duplicate: 12,
    assumed: 0,
    flows: [`${HOST} > ${SERVER}: 7 counted, 5 counted`],
  });
});

Deno.test("counting rule: the host's own traffic counts at the NIC both ways", async () => {
  const result = await watch(
    bridgedHost(),
    { from: HOST, to: OUTSIDE, packets: 7, path: "eth0 eg -" },
    { from: OUTSIDE, to: HOST, packets: 5, path: "eth0 in" },
  );
  assert.deepEqual(result.flows, [`${HOST} > ${OUTSIDE}: 7 counted, 5 counted`]);
  assert.equal(result.counted, 12);
  assert.equal(result.duplicate, 0);
});

Deno.test("counting rule: loopback counts at egress only", async () => {
  const result = await watch(
    bridgedHost(),
    { from: "127.0.0.1", to: "127.0.0.2", packets: 7, path: "lo eg -, lo in" },
    { from: "127.0.0.2", to: "127.0.0.1", packets: 5, path: "lo eg -, lo in" },
  );
  assert.equal(result.counted, 12);
  assert.equal(result.duplicate, 12);
});

Deno.test("counting rule: through a Service's address six packets count six times, and both legs show both directions", async () => {
  const result = await watch(
    bridgedHost(),
    { from: CLIENT, to: SERVICE, packets: 3, path: "vethA in, br0 in" },
    { from: HOST, to: SERVER, packets: 3, path: "br0 eg br0, vethB eg br0" },
    { from: SERVER, to: HOST, packets: 3, path: "vethB in, br0 in" },
    { from: SERVICE, to: CLIENT, packets: 3, path: "br0 eg br0, vethA eg br0" },
  );
  assert.deepEqual(result, {
    counted: 6,
    duplicate: 18 - 6 + 6,
    assumed: 0,
    flows: [
      `${CLIENT} > ${SERVICE}: 3 counted, 3 shown`,
      `${HOST} > ${SERVER}: 3 shown, 3 counted`,
    ],
  });
});

Deno.test("counting rule: a view is one point's, chosen late or early, and misses nothing that passed there", async () => {
  // the answer is read at the bridge before anything says which point is the flow's own
  for (const more of [0, 5]) {
    const rig = await openTableRig({}, bridgedHost());
    const passages: Passage[] = [
      { from: SERVICE, to: CLIENT, packets: 7, path: "br0 eg eth0, vethA eg eth0" },
      { from: CLIENT, to: SERVICE, packets: 3, path: "vethA in" },
    ];
    for (const one of sightings(bridgedHost(), passages)) rig.slots.see(one);
    rig.count();
    if (more) {
      for (const one of sightings(bridgedHost(), passages.slice(0, 1))) rig.slots.see({ ...one, packets: more });
      rig.count();
    }
    const [record] = rig.flush();
    assert.equal(record!.reverse.packets, 7 + more);
    assert.equal(record!.reverse.bytes, 100 * (7 + more));
    assert.equal(record!.reverse.frames, 7 + more);
    assert.equal(record!.reverse.wireBytes, 100 * (7 + more));
    rig.checkClosed();
  }
});

Deno.test("counting rule: a view gives way to sightings that count, and nothing shows twice", async () => {
  const rig = await openTableRig({}, bridgedHost());
  const first = { from: CLIENT, to: SERVER, packets: 7, path: "vethB eg vethA" };
  for (const one of sightings(bridgedHost(), [first])) rig.slots.see(one);
  rig.count();
  assert.deepEqual(rig.snapshot().map(({ forward }) => forward.packets), [7]);
  assert(!rig.snapshot()[0]!.has(Fact.COUNTED_FORWARD));
  for (const one of sightings(bridgedHost(), [{ ...first, path: "vethA in" }])) rig.slots.see(one);
  rig.count();
  const [record] = rig.flush();
  assert.equal(record!.forward.packets, 7);
  assert(record!.has(Fact.COUNTED_FORWARD));
  rig.checkClosed();
});

Deno.test("counting rule: path changes and equal-cost paths add up", async () => {
  const host = [...bridgedHost(), tableDevice({ ifindex: 6, name: "eth1" })];
  const result = await watch(
    host,
    { from: CLIENT, to: OUTSIDE, packets: 7, path: "vethA in, br0 in, eth0 eg br0" },
    { from: OUTSIDE, to: CLIENT, packets: 5, path: "eth0 in, br0 eg eth0, vethA eg eth0" },
    { from: OUTSIDE, to: CLIENT, packets: 11, path: "eth1 in, br0 eg eth1, vethA eg eth1" },
  );
  assert.deepEqual(result.flows, [`${CLIENT} > ${OUTSIDE}: 7 counted, 16 counted`]);
  assert.equal(result.counted, 23);
});

Deno.test("counting rule: where only some devices are attached, each packet that passed one counts once", async () => {
  const there: Passage = { from: CLIENT, to: OUTSIDE, packets: 7, path: "vethA in, br0 in, eth0 eg br0" };
  const back: Passage = { from: OUTSIDE, to: CLIENT, packets: 5, path: "eth0 in, br0 eg eth0, vethA eg eth0" };
  const subsets = [[ETH], [BRIDGE], [POD_A, POD_B], [ETH, BRIDGE], [ETH, POD_A, POD_B], [BRIDGE, POD_A, POD_B]];
  for (const attached of [...subsets, [LO, ETH, BRIDGE, POD_A, POD_B]]) {
    const result = await watch(onlyAttached(bridgedHost(), attached), there, back);
    assert.equal(result.counted, 12, `attached: ${attached}`);
    assert.deepEqual(result.flows, [`${CLIENT} > ${OUTSIDE}: 7 counted, 5 counted`], `attached: ${attached}`);
  }
});

Deno.test("counting rule: a port's egress is its bridge's or bond's again", async () => {
  const bonded = [
    tableDevice({ ifindex: 11, name: "bond0", kind: "bond" }),
    tableDevice({ ifindex: 12, name: "eth1", master: 11 }),
    tableDevice({ ifindex: 13, name: "eth2", master: 11 }),
  ];
  const there: Passage = { from: HOST, to: OUTSIDE, packets: 7, path: "bond0 eg -, eth1 eg -" };
  const back: Passage = { from: OUTSIDE, to: HOST, packets: 5, path: "eth2 in, bond0 in" };
  for (const attached of [[11, 12, 13], [11], [12, 13]]) {
    const result = await watch(onlyAttached(bonded, attached), there, back);
    assert.equal(result.counted, 12, `attached: ${attached}`);
  }
});

Deno.test("counting rule: VLAN devices carry what their lower device carries tagged, as one flow", async () => {
  const host = [
    tableDevice({ ifindex: 2, name: "eth0" }),
    tableDevice({ ifindex: 7, name: "eth0.5", kind: "vlan", link: 2, vlan: 5 }),
  ];
  const there: Passage = { from: HOST, to: OUTSIDE, packets: 7, path: "eth0.5 eg -, eth0 eg -", vlans: [0, 5] };
  const back: Passage = { from: OUTSIDE, to: HOST, packets: 5, path: "eth0 in, eth0.5 in", vlans: [5, 0] };
  const flows = [`${HOST} > ${OUTSIDE}: 7 counted, 5 counted`];
  assert.deepEqual(await watch(host, there, back), { counted: 12, duplicate: 12, assumed: 0, flows });
  for (const attached of [[2], [7]]) {
    assert.deepEqual((await watch(onlyAttached(host, attached), there, back)).flows, flows, `attached: ${attached}`);
  }
});

Deno.test("counting rule: what is routed out by a VLAN device counts there, not again below it", async () => {
  const host = [
    tableDevice({ ifindex: 2, name: "eth0" }),
    tableDevice({ ifindex: 7, name: "eth0.5", kind: "vlan", link: 2, vlan: 5 }),
    tableDevice({ ifindex: 9, name: "eth9", attached: false }),
  ];
  const routed: Passage = {
    from: CLIENT,
    to: OUTSIDE,
    packets: 7,
    path: "eth0.5 eg eth9, eth0 eg eth9",
    vlans: [0, 5],
  };
  for (const attached of [[2, 7], [2], [7]]) {
    assert.equal((await watch(onlyAttached(host, attached), routed)).counted, 7, `attached: ${attached}`);
  }
});

Deno.test("counting rule: tags that no VLAN device takes up keep flows of the same tuple apart", async () => {
  const host = [tableDevice({ ifindex: 2, name: "eth0" })];
  const rig = await openTableRig({}, host);
  const tags = [[0, 0], [5, 0], [6, 0], [5, 6], [6, 5]] as const;
  for (const [vlan, vlanInner] of tags) rig.slots.see({ vlan, vlanInner, packets: 3 });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(records.map(({ vlan, forward }) => [vlan, forward.packets]), tags.map(([vlan]) => [vlan, 3]));
  // two nodes name VLANs and VRFs differently: the ids of the connection do not depend on them
  assert.equal(new Set(records.map(({ communityId }) => communityId)).size, 1);
  rig.checkClosed();
});

Deno.test("counting rule: VRFs keep flows of the same tuple apart, devices of one VRF join them", async () => {
  const host = [
    tableDevice({ ifindex: 20, name: "red", kind: "vrf" }),
    tableDevice({ ifindex: 21, name: "blue", kind: "vrf" }),
    tableDevice({ ifindex: 22, name: "eth1", master: 20 }),
    tableDevice({ ifindex: 23, name: "br1", kind: "bridge", master: 20 }),
    tableDevice({ ifindex: 24, name: "vethC", kind: "veth", master: 23, linkElsewhere: true }),
    tableDevice({ ifindex: 25, name: "eth2", master: 21 }),
    tableDevice({ ifindex: 26, name: "eth3" }),
  ];
  const rig = await openTableRig({}, host);
  for (const [ifindex, packets] of [[22, 3], [24, 5], [25, 7], [26, 11]] as const) {
    rig.slots.see({ ifindex, ingressIfindex: ifindex, packets });
  }
  rig.count();
  assert.deepEqual(rig.flush().map(({ forward }) => forward.packets).sort((a, b) => a - b), [7, 8, 11]);
  rig.checkClosed();
});

Deno.test("counting rule: an entry used again by another VRF's flow does not take the old flow's packets", async () => {
  const host = [
    tableDevice({ ifindex: 20, name: "red", kind: "vrf" }),
    tableDevice({ ifindex: 21, name: "blue", kind: "vrf" }),
    tableDevice({ ifindex: 22, name: "eth1", master: 20 }),
    tableDevice({ ifindex: 25, name: "eth2", master: 21 }),
  ];
  const rig = await openTableRig({}, host);
  const red = { ifindex: 22, ingressIfindex: 22 };
  const blue = { ifindex: 25, ingressIfindex: 25 };
  rig.slots.see({ ...red, packets: 3 });
  rig.count();
  assert.equal(rig.flush().length, 1);
  rig.slots.see({ ...blue, packets: 5 });
  rig.count();
  rig.slots.see({ ...red, packets: 7 });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(records.map(({ interfaces, forward }) => [interfaces, forward.packets]), [[[25], 5], [[22], 7]]);
  rig.checkClosed();
});

Deno.test("counting rule: both ends of a veth pair in one namespace count once", async () => {
  const host = [
    tableDevice({ ifindex: 8, name: "v0", kind: "veth", link: 9 }),
    tableDevice({ ifindex: 9, name: "v1", kind: "veth", link: 8 }),
  ];
  const there: Passage = { from: CLIENT, to: SERVER, packets: 7, path: "v0 eg -, v1 in" };
  for (const attached of [[8, 9], [8], [9]]) {
    const result = await watch(onlyAttached(host, attached), there);
    assert.equal(result.counted, 7, `attached: ${attached}`);
  }
});

Deno.test("counting rule: what leaves a tunnel is a duplicate of a known lower device, an assumed one of a possible one", async () => {
  const tunnel = (link: number) => [
    tableDevice({ ifindex: 2, name: "eth0" }),
    tableDevice({ ifindex: 6, name: "vxlan0", kind: "vxlan", link }),
  ];
  const outer: Passage = { from: "198.51.100.1", to: "198.51.100.2", packets: 7, path: "eth0 in" };
  const inner: Passage = { from: CLIENT, to: SERVER, packets: 7, path: "vxlan0 in" };
  const known = await watch(tunnel(2), outer, inner);
  assert.deepEqual([known.counted, known.duplicate, known.assumed], [7, 7, 0]);
  assert.deepEqual(known.flows, [`${CLIENT} > ${SERVER}: 7 shown, 0`, "198.51.100.1 > 198.51.100.2: 7 counted, 0"]);
  const unknown = await watch(tunnel(0), outer, inner);
  assert.deepEqual([unknown.counted, unknown.duplicate, unknown.assumed], [7, 0, 7]);
  const alone = await watch(onlyAttached(tunnel(0), [6]), inner);
  assert.deepEqual([alone.counted, alone.duplicate, alone.assumed], [7, 0, 0]);
});

Deno.test("counting rule: a device that nobody told of counts at ingress, and its views are never shown", async () => {
  const rig = await openTableRig({}, bridgedHost());
  rig.slots.see({ ifindex: 99, ingressIfindex: 99, packets: 3, sourcePort: 40_013 });
  // forwarded by devices unknown so far: duplicates that have no place in the list of interfaces
  for (const [ifindex, packets] of [[97, 5], [98, 5]] as const) {
    rig.slots.see({ ifindex, hook: "egress", ingressIfindex: POD_A, packets });
  }
  rig.slots.see({ ifindex: POD_B, hook: "egress", ingressIfindex: POD_A, packets: 5 });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(
    records.map(({ interfaces, forward }) => [interfaces, forward.packets]),
    [[[], 3], [[POD_B], 5]],
  );
  rig.checkClosed();
});

Deno.test("counting rule: a new device table changes verdicts from then on, not before", async () => {
  const rig = await openTableRig({}, onlyAttached(bridgedHost(), [ETH]));
  const passage: Passage = { from: CLIENT, to: OUTSIDE, packets: 7, path: "vethA in, br0 in, eth0 eg br0" };
  for (const one of sightings(onlyAttached(bridgedHost(), [ETH]), [passage])) rig.slots.see(one);
  rig.count();
  rig.lab.useDevices(bridgedHost());
  for (const one of sightings(bridgedHost(), [passage])) rig.slots.see(one);
  rig.count();
  const { table } = rig.checkBooks();
  assert.equal(table.counted.packets, 14n);
  assert.equal(table.duplicate.packets, 14n);
  assert.deepEqual(rig.flush().map(({ forward }) => forward.packets), [14]);
  rig.checkClosed();
});

Deno.test("a flow lists the interfaces that saw it in order, four at most, and says when there were more", async () => {
  const host = Array.from({ length: 6 }, (_, i) => tableDevice({ ifindex: 30 + i, name: `eth${i}` }));
  const rig = await openTableRig({}, host);
  for (let i = 0; i < 4; i++) rig.slots.see({ ifindex: 35 - i, ingressIfindex: 35 - i });
  rig.count();
  const [four] = rig.snapshot();
  assert.deepEqual(four!.interfaces, [35, 34, 33, 32]);
  assert(!four!.has(Fact.MORE_INTERFACES));
  rig.slots.see({ ifindex: 30, ingressIfindex: 30 });
  rig.count();
  const [five] = rig.flush();
  assert.deepEqual(five!.interfaces, [35, 34, 33, 32]);
  assert(five!.has(Fact.MORE_INTERFACES));
  assert.equal(five!.forward.packets, 5);
});

Deno.test("per interface and hook the table keeps what it took", async () => {
  const rig = await openTableRig({}, bridgedHost());
  rig.slots.see({ ifindex: ETH, ingressIfindex: ETH, packets: 3, bytes: 301 });
  rig.slots.see({ ifindex: ETH, hook: "egress", ingressIfindex: POD_A, packets: 5, frames: 2, bytes: 503 });
  rig.count();
  assert.deepEqual(rig.lab.books.interfaceTaken(ETH), {
    ingress: { frames: 3n, packets: 3n, bytes: 301n, wire_bytes: 301n },
    egress: { frames: 2n, packets: 5n, bytes: 503n, wire_bytes: 503n },
  });
});

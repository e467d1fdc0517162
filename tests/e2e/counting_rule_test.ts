/** Every packet counts once, whichever devices are watched, in whichever order, whichever way it takes. */
import { deepEqual, equal } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import type { Ended } from "../support/agent_process.ts";
import type { Sent } from "../support/generator.ts";
import { interfaces, NodeLab, observe, type Pod } from "../support/node_lab.ts";
import { ethernet, ipv4, packet, udp, vxlan } from "../support/packet.ts";
import { RawSocket } from "../support/raw_io.ts";
import { attribute, byFlow, sumCounted, sumSpans } from "../support/span_sums.ts";

const PACKETS = 211;
const FLOWS = 7;
const [REQUESTS, REPLIES] = [31, 29];

/** What the books say was counted is what was sent, and spans that claim to be counted add up to it. */
function assertCounted(ended: Ended, sent: Sent[], what: string): void {
  for (const measure of ["frames", "packets", "bytes"] as const) {
    const total = sent.reduce((sum, one) => sum + one[measure], 0);
    equal(ended.books[measure].counted, total, `${what}: ${measure}`);
    equal(sumCounted(ended.spans)[measure], total, `${what}: ${measure} by spans`);
    equal(ended.books[measure].assumed_duplicate, 0, `${what}: ${measure} assumed`);
  }
}

/** Each agent of a set of arguments counts what was sent, and `sightings` times as much was seen. */
async function assertEach(
  lab: NodeLab,
  each: Array<{ args: string[]; sightings: number }>,
  traffic: () => Promise<Sent[]>,
): Promise<{ ended: Ended[]; sent: Sent[] }> {
  let sent: Sent[] = [];
  const ended = await observe(lab.node, each.map(({ args }) => args), async () => {
    sent = await traffic();
  });
  ended.forEach((one, i) => {
    const { args, sightings } = each[i]!;
    const what = args.join(" ");
    assertCounted(one, sent, what);
    const { taken, counted, duplicate } = one.books.packets;
    equal(taken, counted * sightings, `${what}: sightings ${taken}, counted ${counted}`);
    equal(duplicate, counted * (sightings - 1), `${what}: duplicate`);
  });
  return { ended, sent };
}

Deno.test("counting rule: pod to pod over a bridge counts once from any of its observation points", async () => {
  using lab = new NodeLab();
  const [one, two] = [lab.pod("p1", "10.1.0.2"), lab.pod("p2", "10.1.0.3")];
  lab.bridge("br0", [one, two]);
  const { ended } = await assertEach(lab, [
    { args: interfaces("p1", "p2", "br0"), sightings: 2 },
    { args: [...interfaces("br0", "p2", "p1"), "--tcx-order", "last"], sightings: 2 },
    { args: [...interfaces("p1", "p2"), "--attach", "tc"], sightings: 2 },
    { args: interfaces("p2"), sightings: 1 },
  ], async () => {
    const traffic = { flows: FLOWS, packets: PACKETS };
    return [
      await lab.send(one, two, { ...traffic, destination: two.address }),
      await lab.send(two, one, { ...traffic, destination: one.address, protocol: "tcp" }),
      await lab.send(one, two, { ...traffic, version: 6, source: "fd01::2", destination: "fd01::3" }),
    ];
  });
  for (const { spans } of ended.slice(0, 3)) {
    equal(spans.length, 3 * FLOWS);
    for (const { attributes } of spans) {
      equal(attributes["weir.counted"], "both");
      deepEqual([...attributes["weir.interfaces"] as string[]].sort(), ["p1", "p2"]);
    }
  }
});

Deno.test("counting rule: what a node sends by its bridge counts there, not again at the port", async () => {
  using lab = new NodeLab();
  const pod = lab.pod("p1", "10.1.0.2");
  lab.bridge("br0", [pod], "10.1.0.1/24");
  const node = { namespace: lab.node, address: "10.1.0.1", device: "br0", mac: lab.node.link("br0").mac };
  const { ended } = await assertEach(lab, [
    { args: interfaces("p1", "br0"), sightings: 2 },
    { args: interfaces("p1"), sightings: 1 },
    { args: interfaces("br0"), sightings: 1 },
  ], async () => [
    await lab.send(node, pod, { interface: "br0", flows: FLOWS, packets: PACKETS, destination: pod.address }),
  ]);
  for (const { spans } of ended) for (const span of spans) equal(span.kind, "CLIENT");
});

Deno.test("counting rule: routed packets count where they come in, with one device or both watched", async () => {
  using lab = new NodeLab();
  const client = lab.pod("c1", "10.2.0.2", "10.2.0.1/24");
  const server = lab.pod("s1", "10.3.0.2", "10.3.0.1/24");
  await assertEach(lab, [
    { args: interfaces("c1", "s1"), sightings: 2 },
    { args: [...interfaces("s1", "c1"), "--tcx-order", "last"], sightings: 2 },
    { args: interfaces("c1"), sightings: 1 },
    { args: interfaces("s1"), sightings: 1 },
  ], async () => {
    const traffic = { flows: FLOWS, packets: PACKETS };
    return [
      await lab.send(client, "c1", { ...traffic, destination: server.address }),
      await lab.send(server, "s1", { ...traffic, destination: client.address, protocol: "icmp" }),
    ];
  });
});

Deno.test("counting rule: a route that changes in mid-flow, and a reply by another way, add up", async () => {
  using lab = new NodeLab();
  const client = lab.pod("c1", "10.2.0.2", "10.2.0.1/24");
  const [first, second] = [lab.pod("s1", "10.3.0.2", "10.3.0.1/24"), lab.pod("s2", "10.4.0.2", "10.4.0.1/24")];
  const server = "10.9.0.9";
  const forward = { flows: 1, packets: PACKETS, destination: server, destinationPort: 4_242 };
  const { ended, sent } = await assertEach(lab, [
    { args: interfaces("c1", "s1", "s2"), sightings: 2 },
    { args: interfaces("s2", "s1", "c1"), sightings: 2 },
    { args: interfaces("s2", "s1"), sightings: 1 },
  ], async () => {
    lab.node.ip(`route add 10.9.0.0/24 via ${first.address}`);
    const before = await lab.send(client, "c1", forward);
    lab.node.ip(`route replace 10.9.0.0/24 via ${second.address}`);
    const after = await lab.send(client, "c1", forward);
    // the answer comes by the way that the flow took before
    const { sourcePort, destinationPort } = after.flows[0]!;
    const reply = { source: server, sourcePort: destinationPort, destination: client.address };
    return [before, after, await lab.send(first, "s1", { ...reply, destinationPort: sourcePort, packets: REPLIES })];
  });
  for (const { spans } of ended) {
    equal(spans.length, 1);
    equal(attribute(spans[0]!, "flow.packets.total"), sent[0]!.packets + sent[1]!.packets);
    equal(attribute(spans[0]!, "flow.reverse.packets.total"), REPLIES);
    equal(spans[0]!.attributes["weir.counted"], "both");
  }
});

Deno.test("counting rule: flows spread over two ways by ECMP add up", async () => {
  using lab = new NodeLab();
  const client = lab.pod("c1", "10.2.0.2", "10.2.0.1/24");
  const [first, second] = [lab.pod("s1", "10.3.0.2", "10.3.0.1/24"), lab.pod("s2", "10.4.0.2", "10.4.0.1/24")];
  lab.node.set("ipv4/fib_multipath_hash_policy", 1);
  lab.node.ip(`route add 10.9.0.0/24 nexthop via ${first.address} nexthop via ${second.address}`);
  const flows = 101;
  const { ended } = await assertEach(lab, [
    { args: interfaces("c1", "s1", "s2"), sightings: 2 },
    { args: interfaces("s2", "s1"), sightings: 1 },
  ], async () => [await lab.send(client, "c1", { flows, packets: flows * 11, destination: "10.9.0.9" })]);
  const ways = new Set(ended[1]!.spans.map(({ attributes }) => attributes["network.interface.name"]));
  deepEqual([...ways].sort(), ["s1", "s2"]);
  for (const { spans } of ended) equal(spans.length, flows);
});

Deno.test("counting rule: what goes out and comes in by a tunnel counts once, inside or outside", async () => {
  using lab = new NodeLab();
  const pod = lab.pod("p1", "10.1.0.2", "10.1.0.1/24");
  const wire = lab.pod("u0", "10.5.0.2", "10.5.0.1/24");
  const far = { ...wire, address: "10.6.0.2", mac: "02:00:00:00:00:09" };
  lab.node.ip("link add name vx0 type vxlan id 7 remote 10.5.0.2 dstport 4789 dev u0");
  lab.node.ip("address add 10.6.0.1/24 dev vx0");
  lab.node.ip("link set dev vx0 up");
  lab.neighbour(far.address, far.mac, "vx0");
  const node = { namespace: lab.node, address: "10.6.0.1", device: "vx0", mac: lab.node.link("vx0").mac };
  const wrapped = packet(
    ethernet({ source: wire.mac, destination: lab.node.link("u0").mac }),
    ipv4({ source: wire.address, destination: "10.5.0.1" }),
    udp({ source: 50_000, destination: 4_789 }),
    vxlan(7),
    ethernet({ source: far.mac, destination: node.mac }),
    ipv4({ source: far.address, destination: pod.address }),
    udp({ source: 53, destination: 40_000 }),
    60,
  );
  const each = [interfaces("p1", "vx0", "u0"), interfaces("u0", "vx0", "p1"), interfaces("u0")];
  const [sent, forwarded, arrived] = [PACKETS, 2 * PACKETS, 17];
  const ended = await observe(lab.node, each, async () => {
    await lab.send(node, far, { interface: "vx0", packets: sent, destination: far.address });
    await lab.send(pod, "p1", { packets: forwarded, destination: far.address });
    using socket = new RawSocket({ interface: "eth0", namespace: wire.namespace.name });
    for (let i = 0; i < arrived; i++) socket.send(wrapped);
  });
  for (const { books, spans } of ended) {
    equal(books.packets.counted, sent + forwarded + arrived, JSON.stringify(books.packets));
    equal(sumCounted(spans).packets, books.packets.counted);
  }
  // what the tunnel wrapped is told by its port, not by the kernel
  deepEqual(ended.map(({ books }) => books.packets.assumed_duplicate), [sent + forwarded, sent + forwarded, 0]);
});

const SERVICE = "10.96.0.1";
const BACKEND_PORT = 8_080;

/** Service address → backend, and the node's address in place of the client's. */
function natRules(backend: string): string {
  return `
    add table ip nat
    add chain ip nat pre { type nat hook prerouting priority -100; }
    add chain ip nat post { type nat hook postrouting priority 100; }
    add rule ip nat pre ip daddr ${SERVICE} udp dport 80 dnat to ${backend}:${BACKEND_PORT}
    add rule ip nat post ip daddr ${backend} masquerade`;
}

/** A client that asks a Service, and the backend that answers the node. */
async function throughNat(lab: NodeLab, client: Pod, backend: Pod): Promise<Sent[]> {
  const request = { packets: REQUESTS, destination: SERVICE, destinationPort: 80 };
  const asked = await lab.send(client, "br0", request);
  const reply = { sourcePort: BACKEND_PORT, destination: "10.1.0.1", destinationPort: asked.flows[0]!.sourcePort };
  return [asked, await lab.send(backend, "br0", { ...reply, packets: REPLIES })];
}

/** The client's flow and the backend's show both directions, each counted where its packets came in. */
function assertLegs(spans: FlowSpan[], client: Pod, backend: Pod): void {
  const flows = byFlow(spans);
  const legs = [
    [new RegExp(`^udp ${client.address}:\\d+ ${SERVICE}:80$`), "forward"],
    [new RegExp(`^udp 10.1.0.1:\\d+ ${backend.address}:${BACKEND_PORT}$`), "reverse"],
  ] as const;
  for (const [name, counted] of legs) {
    const found = [...flows].filter(([flow]) => name.test(flow));
    equal(found.length, 1, `${name} in ${[...flows.keys()].join(", ")}`);
    const ofOne = found[0]![1];
    equal(sumSpans(ofOne, "forward").packets, REQUESTS);
    equal(sumSpans(ofOne, "reverse").packets, REPLIES);
    equal(ofOne[0]!.attributes["weir.counted"], counted);
  }
}

Deno.test("counting rule: through DNAT and masquerade each packet counts once, and the client's flow is whole", async () => {
  using lab = new NodeLab();
  const [client, backend] = [lab.pod("p1", "10.1.0.2"), lab.pod("p2", "10.1.0.3")];
  lab.bridge("br0", [client, backend], "10.1.0.1/24");
  lab.node.set("bridge/bridge-nf-call-iptables", 0);
  lab.node.nft(natRules(backend.address));
  const { ended } = await assertEach(lab, [
    { args: interfaces("p1", "p2", "br0"), sightings: 4 },
    { args: [...interfaces("br0", "p2", "p1"), "--tcx-order", "last"], sightings: 4 },
    { args: interfaces("p1", "p2"), sightings: 2 },
    { args: interfaces("br0"), sightings: 2 },
  ], () => throughNat(lab, client, backend));
  for (const { spans } of ended.slice(0, 3)) assertLegs(spans, client, backend);
});

Deno.test("counting rule: NAT inside the bridge (bridge-nf-call-iptables) counts once, too", async () => {
  using lab = new NodeLab();
  const [client, backend] = [lab.pod("p1", "10.1.0.2"), lab.pod("p2", "10.1.0.3")];
  lab.bridge("br0", [client, backend], "10.1.0.1/24");
  lab.node.set("bridge/bridge-nf-call-iptables", 1);
  lab.node.nft(natRules(backend.address));
  let sent: Sent[] = [];
  const ended = await observe(
    lab.node,
    [interfaces("p1", "p2", "br0"), [...interfaces("p2", "p1"), "--attach", "tc"]],
    async () => {
      sent = await throughNat(lab, client, backend);
    },
  );
  for (const one of ended) {
    assertCounted(one, sent, "inside the bridge");
    assertLegs(one.spans, client, backend);
  }
});

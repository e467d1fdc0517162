/** The attributes of a flow span: names and types as they were proposed, and values that say nothing untrue. */
import assert from "node:assert/strict";
import type { AttributeValue } from "../../src/attribute_sets.ts";
import { ATTRIBUTES, type SpanContext } from "../../src/export/attributes.ts";
import { Fact, KIND_FRAGMENT, RECORD_AGGREGATE } from "../../src/flow_record.ts";
import { meaning } from "../support/meanings.ts";
import { buildRecord, type RecordFields } from "../support/build_record.ts";

/** Names of flow spans as other agents send them. What only weir measures is under weir.* and not listed. */
const PROPOSED: Record<string, string> = {
  "flow.community_id": "string",
  "flow.direction": "string",
  "network.io.direction": "string",
  "network.type": "string",
  "network.transport": "string",
  "source.address": "string",
  "source.port": "int",
  "destination.address": "string",
  "destination.port": "int",
  "flow.packets.delta": "int",
  "flow.packets.total": "int",
  "flow.bytes.delta": "int",
  "flow.bytes.total": "int",
  "flow.reverse.packets.delta": "int",
  "flow.reverse.packets.total": "int",
  "flow.reverse.bytes.delta": "int",
  "flow.reverse.bytes.total": "int",
  "flow.connection.state": "string",
  "flow.end_reason": "string",
  "network.interface.index": "int",
  "network.interface.name": "string",
  "network.interface.mac": "string",
  "flow.ip.dscp.id": "int",
  "flow.ip.dscp.name": "string",
  "flow.ip.ecn.id": "int",
  "flow.ip.ecn.name": "string",
  "flow.ip.ttl": "int",
  "flow.ip.flow_label": "int",
  "flow.reverse.ip.dscp.id": "int",
  "flow.reverse.ip.dscp.name": "string",
  "flow.reverse.ip.ecn.id": "int",
  "flow.reverse.ip.ecn.name": "string",
  "flow.reverse.ip.ttl": "int",
  "flow.reverse.ip.flow_label": "int",
  "flow.icmp.type.id": "int",
  "flow.icmp.type.name": "string",
  "flow.icmp.code.id": "int",
  "flow.icmp.code.name": "string",
  "flow.reverse.icmp.type.id": "int",
  "flow.reverse.icmp.type.name": "string",
  "flow.reverse.icmp.code.id": "int",
  "flow.reverse.icmp.code.name": "string",
  "flow.tcp.flags.bits": "int",
  "flow.tcp.flags.tags": "string[]",
  "flow.reverse.tcp.flags.bits": "int",
  "flow.reverse.tcp.flags.tags": "string[]",
  "flow.tcp.handshake.latency": "int",
};

const ETH = { name: "eth0", ifindex: 2 };
const VETH = { name: "veth7", ifindex: 7 };
const CLIENT: SpanContext = { ...meaning("CLIENT"), interfaceOf: (id) => ({ 1: ETH, 2: VETH } as const)[id] };

function attributes(fields: RecordFields, context: SpanContext = CLIENT): Record<string, AttributeValue> {
  const record = buildRecord(fields);
  const known = ATTRIBUTES.map(({ name, value }) => [name, value(record, context)] as const);
  return Object.fromEntries(known.filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined));
}

function namesOf(found: Record<string, AttributeValue>, prefix: string): string[] {
  return Object.keys(found).filter((name) => name.startsWith(prefix));
}

Deno.test("attributes have the proposed names and types; the others are weir's own", () => {
  const own = Object.entries(Object.fromEntries(ATTRIBUTES.map(({ name, type }) => [name, type])));
  assert.equal(own.length, ATTRIBUTES.length, "no name twice");
  assert.deepEqual(Object.fromEntries(own.filter(([name]) => !name.startsWith("weir."))), PROPOSED);
  for (const { name, when, brief } of ATTRIBUTES) {
    assert.match(name, /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/);
    assert(when && brief, name);
  }
});

Deno.test("attributes' values have the types that are said", () => {
  const types = (value: AttributeValue) =>
    Array.isArray(value)
      ? "string[]"
      : typeof value === "number"
      ? (Number.isInteger(value) ? "int" : "double")
      : typeof value;
  const seen = new Set<string>();
  const v6 = { source: "2001:db8::1", destination: "2001:db8::2" };
  const sides = { forward: { packets: 3, bytes: 300 }, reverse: { packets: 5, bytes: 500 } };
  const many: RecordFields[] = [
    { ...sides, ...v6, protocol: 6, endReason: 1, synAckAfterNs: 7n, ackAfterNs: 11n, vlan: 5, interfaces: [1, 2] },
    {
      ...sides,
      ...v6,
      protocol: 58,
      facts: ~0 >>> 0,
      forward: { ...sides.forward, icmpType: 128 },
      reverse: { ...sides.reverse, icmpType: 129 },
      sourceMac: "020000000001",
    },
    { what: RECORD_AGGREGATE },
    { kind: KIND_FRAGMENT },
  ];
  for (const fields of many) {
    for (const [name, value] of Object.entries(attributes(fields, { ...CLIENT, samplingRate: 0.25 }))) {
      seen.add(name);
      assert.equal(types(value), ATTRIBUTES.find((attribute) => attribute.name === name)!.type, name);
      if (types(value) === "int") assert(Number.isSafeInteger(value), name);
    }
  }
  assert.deepEqual(ATTRIBUTES.map(({ name }) => name).filter((name) => !seen.has(name)), [], "never seen here");
});

Deno.test("weir.sampling.rate is there where a flow could have been left out", () => {
  const sampled = { ...CLIENT, samplingRate: 0.25 };
  assert.equal(attributes({}, sampled)["weir.sampling.rate"], 0.25);
  assert.equal(attributes({ facts: Fact.KEPT_ANYWAY }, sampled)["weir.sampling.rate"], undefined);
  assert.equal(attributes({})["weir.sampling.rate"], undefined);
});

Deno.test("source is the initiator, and everything forward is what it sent", () => {
  const found = attributes({
    source: "192.0.2.9",
    destination: "192.0.2.1",
    protocol: 6,
    endReason: 3,
    forward: { packets: 3, packetsTotal: 7, bytes: 300, bytesTotal: 701, tcpFlags: 0x13, ttl: 64, trafficClass: 0xb9 },
    reverse: { packets: 2, packetsTotal: 5, bytes: 200, bytesTotal: 503, tcpFlags: 0x12, ttl: 57, trafficClass: 0x28 },
    synAckAfterNs: 20_000_000n,
    ackAfterNs: 10_000_000n,
    communityId: "wCb3OG7yAFWelaUydu0D+125CLM=",
    interfaces: [1, 2],
    sourceMac: "020304050607",
    facts: Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE | Fact.SYN,
  });
  assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([name]) => !name.startsWith("weir."))), {
    "flow.community_id": "1:wCb3OG7yAFWelaUydu0D+125CLM=",
    "flow.direction": "forward",
    "network.io.direction": "transmit",
    "network.type": "ipv4",
    "network.transport": "tcp",
    "source.address": "192.0.2.9",
    "source.port": 40_009,
    "destination.address": "192.0.2.1",
    "destination.port": 443,
    "flow.packets.delta": 3,
    "flow.packets.total": 7,
    "flow.bytes.delta": 300,
    "flow.bytes.total": 701,
    "flow.reverse.packets.delta": 2,
    "flow.reverse.packets.total": 5,
    "flow.reverse.bytes.delta": 200,
    "flow.reverse.bytes.total": 503,
    "flow.connection.state": "fin_wait_2",
    "flow.end_reason": "end of Flow detected",
    "network.interface.index": 2,
    "network.interface.name": "eth0",
    "network.interface.mac": "02:03:04:05:06:07",
    "flow.ip.dscp.id": 46,
    "flow.ip.dscp.name": "ef",
    "flow.ip.ecn.id": 1,
    "flow.ip.ecn.name": "ect1",
    "flow.ip.ttl": 64,
    "flow.reverse.ip.dscp.id": 10,
    "flow.reverse.ip.dscp.name": "af11",
    "flow.reverse.ip.ecn.id": 0,
    "flow.reverse.ip.ecn.name": "non-ect",
    "flow.reverse.ip.ttl": 57,
    "flow.tcp.flags.bits": 0x13,
    "flow.tcp.flags.tags": ["fin", "syn", "ack"],
    "flow.reverse.tcp.flags.bits": 0x12,
    "flow.reverse.tcp.flags.tags": ["syn", "ack"],
    "flow.tcp.handshake.latency": 20_000_000,
  });
  assert.deepEqual(found["weir.interfaces"], ["eth0", "veth7"]);
  assert.equal(found["weir.tcp.rtt.responder"], 20_000_000);
  assert.equal(found["weir.tcp.rtt.initiator"], 10_000_000);
  assert.equal(found["weir.counted"], "both");
});

Deno.test("a side that was not heard has no facts but its counts of 0", () => {
  const found = attributes({ protocol: 6, forward: { packets: 1, bytes: 60, tcpFlags: 2, ttl: 64 } });
  assert.deepEqual(namesOf(found, "flow.reverse.").sort(), [
    "flow.reverse.bytes.delta",
    "flow.reverse.bytes.total",
    "flow.reverse.packets.delta",
    "flow.reverse.packets.total",
  ]);
  assert.equal(found["flow.reverse.packets.total"], 0);
  assert.equal(found["flow.tcp.handshake.latency"], undefined);
  const heardBefore = attributes({ reverse: { packetsTotal: 5, ttl: 3 } });
  assert.equal(heardBefore["flow.reverse.ip.ttl"], 3, "heard in an earlier record");
});

Deno.test("an ICMP answer that was not seen has no type, type 0 is echo_reply only where one was", () => {
  const ask = { protocol: 1, forward: { packets: 1, bytes: 98, icmpType: 8 } };
  const alone = attributes({ ...ask, facts: Fact.ICMP_FORWARD });
  assert.deepEqual(namesOf(alone, "flow.reverse.icmp."), []);
  assert.deepEqual([alone["flow.icmp.type.id"], alone["flow.icmp.type.name"]], [8, "echo_request"]);
  assert.deepEqual([alone["flow.icmp.code.id"], alone["flow.icmp.code.name"]], [0, ""]);
  assert.deepEqual([alone["source.port"], alone["destination.port"]], [8, 0]);
  const both = attributes({
    ...ask,
    reverse: { packets: 1, bytes: 98, icmpType: 0 },
    facts: Fact.ICMP_FORWARD | Fact.ICMP_REVERSE,
  });
  assert.equal(both["flow.reverse.icmp.type.name"], "echo_reply");
  const unreachable = attributes({
    protocol: 1,
    forward: { packets: 1, icmpType: 3, icmpCode: 13 },
    facts: Fact.ICMP_FORWARD,
  });
  assert.equal(unreachable["flow.icmp.code.name"], "communication_administratively_prohibited");
  assert.deepEqual([unreachable["source.port"], unreachable["destination.port"]], [3, 13]);
  const unknown = attributes({ protocol: 1, forward: { packets: 1, icmpType: 77 }, facts: Fact.ICMP_FORWARD });
  assert.deepEqual([unknown["flow.icmp.type.id"], unknown["flow.icmp.type.name"]], [77, undefined]);
});

Deno.test("other protocols have no attributes of TCP and ICMP, IPv4 no flow label", () => {
  const found = attributes({ protocol: 17, forward: { packets: 1, bytes: 60 }, facts: ~0 >>> 0, synAckAfterNs: 7n });
  for (const prefix of ["flow.tcp.", "flow.icmp.", "flow.connection.", "weir.tcp."]) {
    assert.deepEqual(namesOf(found, prefix), [], prefix);
  }
  assert.equal(found["flow.ip.flow_label"], undefined);
  const v6 = attributes({ source: "2001:db8::1", forward: { packets: 1, flowLabel: 0xfffff, trafficClass: 0xff } });
  assert.equal(v6["flow.ip.flow_label"], 0xfffff);
  assert.equal(v6["network.type"], "ipv6");
});

Deno.test("a DSCP without a name is not called the default one", () => {
  const found = attributes({ forward: { packets: 1, trafficClass: 63 << 2 } });
  assert.deepEqual([found["flow.ip.dscp.id"], found["flow.ip.dscp.name"]], [63, undefined]);
});

Deno.test("flow.direction follows the span's kind", () => {
  const direction = (kind: SpanContext["kind"]) => attributes({}, { ...CLIENT, kind })["flow.direction"];
  assert.deepEqual([direction("CLIENT"), direction("SERVER"), direction("INTERNAL")], [
    "forward",
    "reverse",
    "unknown",
  ]);
});

Deno.test("round trips are told only where no repeated SYN could be meant", () => {
  const times = { protocol: 6, forward: { packets: 1 }, synAckAfterNs: 7n, ackAfterNs: 11n };
  const told = (facts: number) => {
    const found = attributes({ ...times, facts });
    return ["flow.tcp.handshake.latency", "weir.tcp.rtt.responder", "weir.tcp.rtt.initiator"].map((name) =>
      found[name]
    );
  };
  assert.deepEqual(told(0), [7, 7, 11]);
  assert.deepEqual(told(Fact.SYN_REPEATED), [7, undefined, 11]);
  assert.deepEqual(told(Fact.SYN_ACK_REPEATED), [7, undefined, undefined]);
});

Deno.test("weir.counted says which numbers may be added up over spans", () => {
  const counted = (facts: number, forward: number, reverse: number) =>
    attributes({ facts, forward: { packets: forward }, reverse: { packets: reverse } })["weir.counted"];
  const { COUNTED_FORWARD, COUNTED_REVERSE } = Fact;
  assert.equal(counted(COUNTED_FORWARD | COUNTED_REVERSE, 1, 1), "both");
  assert.equal(counted(COUNTED_FORWARD, 1, 1), "forward");
  assert.equal(counted(COUNTED_REVERSE, 1, 1), "reverse");
  assert.equal(counted(0, 1, 1), "none");
  assert.equal(counted(COUNTED_FORWARD, 1, 0), "both", "nothing came back: nothing is missing from a sum");
  assert.equal(counted(COUNTED_REVERSE, 0, 1), "both");
});

Deno.test("an aggregate says so, by prefixes and without what is one flow's", () => {
  const found = attributes({
    what: RECORD_AGGREGATE,
    protocol: 6,
    source: "10.1.0.0",
    destination: "10.9.0.0",
    prefixBits: 16,
    forward: { packets: 3, bytes: 300, ttl: 16, tcpFlags: 2 },
    facts: Fact.COUNTED_FORWARD,
  });
  assert.deepEqual([found["source.address"], found["destination.address"]], ["10.1.0.0/16", "10.9.0.0/16"]);
  assert.equal(found["weir.overflow"], true);
  for (
    const prefix of ["source.port", "destination.port", "flow.community_id", "flow.tcp.", "flow.ip.", "flow.connection"]
  ) {
    assert.deepEqual(namesOf(found, prefix), [], prefix);
  }
});

Deno.test("fragments have the ports that they carry: none", () => {
  const found = attributes({
    kind: KIND_FRAGMENT,
    protocol: 6,
    sourcePort: 0,
    destinationPort: 0,
    forward: { packets: 2 },
  });
  assert.deepEqual([found["source.port"], found["destination.port"], found["weir.fragment"]], [0, 0, true]);
  assert.deepEqual(namesOf(found, "flow.tcp."), []);
});

Deno.test("an interface that nobody named is left out, and so is a MAC address of zeros", () => {
  const found = attributes({ interfaces: [9] });
  for (
    const name of ["network.interface.name", "network.interface.index", "network.interface.mac", "weir.interfaces"]
  ) {
    assert.equal(found[name], undefined, name);
  }
});

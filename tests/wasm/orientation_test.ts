/** Who began a flow, and what its handshake tells, in whatever order the slots are read. */
import assert from "node:assert/strict";
import { Fact } from "../../src/flow_record.ts";
import type { RecordView } from "../support/record_view.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { MS, openTableRig, START_NS } from "../support/table_rig.ts";

const FIN = 0x01;
const SYN = 0x02;
const ACK = 0x10;
const LOW = "10.0.0.1";
const HIGH = "10.0.0.2";

const at = (ms: number) => START_NS + BigInt(ms) * MS;

/** From the low address, or the high one, with its port. */
function from(low: boolean, ports: readonly [low: number, high: number], more: Sighting = {}): Sighting {
  const [source, destination] = low ? [LOW, HIGH] : [HIGH, LOW];
  const [sourcePort, destinationPort] = low ? ports : [ports[1], ports[0]];
  return { source, destination, sourcePort, destinationPort, atNs: START_NS, ...more };
}

/** The one flow that these slots are of, the same in each order of reading. */
async function flow(...sightings: Sighting[]): Promise<RecordView> {
  const records: RecordView[] = [];
  for (const order of [sightings, sightings.toReversed()]) {
    const rig = await openTableRig();
    for (const sighting of order) rig.slots.see(sighting);
    rig.count();
    const flows = rig.flush();
    assert.equal(flows.length, 1, "one flow");
    records.push(flows[0]!);
    rig.checkClosed();
  }
  const [first, second] = records.map(({ has: _, endReason: __, ...rest }) => rest);
  assert.deepEqual(second, first);
  return records[0]!;
}

function initiator({ source, sourcePort }: RecordView): string {
  return `${source}:${sourcePort}`;
}

Deno.test("the initiator is who sent the SYN, or was sent the SYN-ACK, whatever the ports", async () => {
  const ports = [443, 50_000] as const;
  const tcp = { protocol: 6 };
  for (const low of [true, false]) {
    const name = low ? `${LOW}:443` : `${HIGH}:50000`;
    const syn = from(low, ports, { ...tcp, tcpFlags: SYN, tcpFlagsFirst: SYN, sequence: 7, synNs: at(0) });
    const synAck = from(!low, ports, {
      ...tcp,
      tcpFlags: SYN | ACK,
      acknowledgment: 8,
      sequence: 100,
      atNs: at(13),
      synNs: at(13),
    });
    for (const slots of [[syn], [synAck], [syn, synAck]]) {
      const record = await flow(...slots);
      assert.equal(initiator(record), name);
      assert(record.has(Fact.SYN) && record.has(Fact.SEQUENCE));
      assert.equal(record.initialSequence, 7);
    }
  }
});

Deno.test("without a handshake the lower port is the service's, if it is below those picked at random", async () => {
  for (const protocol of [6, 17, 132]) {
    const more = { protocol, tcpFlags: protocol === 6 ? ACK : 0 };
    for (const sendsFirst of [true, false]) {
      const record = await flow(from(sendsFirst, [443, 50_000], more));
      assert.equal(initiator(record), `${HIGH}:50000`);
      assert(!record.has(Fact.SYN));
      assert.equal(initiator(await flow(from(sendsFirst, [32_768, 32_767], more))), `${LOW}:32768`);
    }
  }
});

Deno.test("between ports of one kind, who was seen first is the initiator", async () => {
  for (const ports of [[50_000, 40_000], [32_768, 60_000], [53, 53], [0, 0]] as const) {
    for (const lowIsFirst of [true, false]) {
      const record = await flow(
        from(lowIsFirst, ports, { atNs: at(1) }),
        from(!lowIsFirst, ports, { atNs: at(2) }),
      );
      assert.equal(record.source, lowIsFirst ? LOW : HIGH);
      assert.equal(record.startUnixNs, at(1));
      assert.equal(record.endUnixNs, at(2));
    }
  }
});

Deno.test("with ICMP who asks is the initiator, and type and code stand by direction", async () => {
  const pairs = [[1, 8, 0], [1, 13, 14], [1, 15, 16], [1, 17, 18], [1, 10, 9]] as const;
  const pairs6 = [[58, 128, 129], [58, 133, 134], [58, 135, 136], [58, 130, 131], [58, 139, 140], [
    58,
    144,
    145,
  ]] as const;
  for (const [protocol, ask, answer] of [...pairs, ...pairs6]) {
    for (const low of [true, false]) {
      const record = await flow(
        from(low, [0, 0], { protocol, sourcePort: ask, destinationPort: 0, packets: 3 }),
        from(!low, [0, 0], { protocol, sourcePort: answer, destinationPort: 0, packets: 5, atNs: at(-1) }),
      );
      assert.equal(record.source, low ? LOW : HIGH, `type ${ask}`);
      assert.deepEqual([record.forward.packets, record.reverse.packets], [3, 5]);
      assert.deepEqual([record.forward.icmpType, record.reverse.icmpType], [ask, answer]);
      assert(record.has(Fact.ICMP_FORWARD) && record.has(Fact.ICMP_REVERSE));
    }
    // the answer alone: the question is known by it, but was not seen
    const alone = await flow(from(true, [0, 0], { protocol, sourcePort: answer, destinationPort: 0 }));
    assert.equal(alone.source, HIGH);
    assert(!alone.has(Fact.ICMP_FORWARD) && alone.has(Fact.ICMP_REVERSE));
  }
});

Deno.test("ICMP messages that nothing answers are flows of one way, apart by code", async () => {
  const rig = await openTableRig();
  const unreachable = { protocol: 1, sourcePort: 3 };
  for (const code of [1, 3]) {
    rig.slots.see({ ...unreachable, source: HIGH, destination: LOW, destinationPort: code, packets: code });
    rig.slots.see({ ...unreachable, source: LOW, destination: HIGH, destinationPort: code, packets: 10 * code });
  }
  rig.count();
  assert.deepEqual(
    rig.flush().map(({ source, forward, reverse }) => [source, forward.packets, reverse.packets, forward.icmpCode]),
    [[HIGH, 1, 0, 1], [LOW, 10, 0, 1], [HIGH, 3, 0, 3], [LOW, 30, 0, 3]],
  );
  rig.checkClosed();
});

Deno.test("echo requests of one pair and their answers are one flow, those of the other way another", async () => {
  const rig = await openTableRig();
  const echo = { protocol: 1, destinationPort: 0 };
  rig.slots.see({ ...echo, source: LOW, destination: HIGH, sourcePort: 8, packets: 2 });
  rig.slots.see({ ...echo, source: HIGH, destination: LOW, sourcePort: 0, packets: 3 });
  rig.slots.see({ ...echo, source: HIGH, destination: LOW, sourcePort: 8, packets: 5 });
  rig.slots.see({ ...echo, source: LOW, destination: HIGH, sourcePort: 0, packets: 7 });
  rig.count();
  assert.deepEqual(
    rig.flush().map(({ source, forward, reverse }) => [source, forward.packets, reverse.packets]),
    [[LOW, 2, 3], [HIGH, 5, 7]],
  );
});

const TCP_PORTS = [50_000, 443] as const;

function handshake(more: { syn?: Sighting; synAck?: Sighting } = {}): Sighting[] {
  const tcp = { protocol: 6 };
  return [
    from(true, TCP_PORTS, {
      ...tcp,
      tcpFlags: SYN | ACK,
      tcpFlagsFirst: SYN,
      sequence: 7,
      firstNs: at(0),
      synNs: at(0),
      ackNs: at(30),
      atNs: at(31),
      ...more.syn,
    }),
    from(false, TCP_PORTS, {
      ...tcp,
      tcpFlags: SYN | ACK,
      acknowledgment: 8,
      firstNs: at(20),
      synNs: at(20),
      ackNs: at(40),
      atNs: at(41),
      ...more.synAck,
    }),
  ];
}

Deno.test("a handshake's times are SYN to SYN-ACK, and SYN-ACK to the initiator's first ACK", async () => {
  const record = await flow(...handshake());
  assert.equal(record.synAckAfterNs, 20e6);
  assert.equal(record.ackAfterNs, 10e6);
  assert(!record.has(Fact.SYN_REPEATED) && !record.has(Fact.SYN_ACK_REPEATED));
  const repeated = await flow(...handshake({ syn: { synNs: at(10) } }));
  assert(repeated.has(Fact.SYN_REPEATED) && !repeated.has(Fact.SYN_ACK_REPEATED));
  assert.equal(repeated.synAckAfterNs, 20e6, "from the first SYN on");
  const answeredTwice = await flow(...handshake({ synAck: { synNs: at(25) } }));
  assert(!answeredTwice.has(Fact.SYN_REPEATED) && answeredTwice.has(Fact.SYN_ACK_REPEATED));
});

Deno.test("a handshake seen at two points by two CPUs has the earliest times of each", async () => {
  const [syn, synAck] = handshake();
  const record = await flow(
    syn!,
    synAck!,
    { ...syn, ifindex: 3, ingressIfindex: 3, firstNs: at(1), synNs: at(1), ackNs: at(32) },
    { ...synAck, ifindex: 3, ingressIfindex: 3, firstNs: at(19), synNs: at(19) },
  );
  assert.equal(record.synAckAfterNs, 19e6);
  assert.equal(record.ackAfterNs, 11e6);
});

Deno.test("a handshake of which a part was not seen has no times", async () => {
  const [syn, synAck] = handshake();
  assert.deepEqual([(await flow(syn!)).synAckAfterNs, (await flow(syn!)).ackAfterNs], [0, 0]);
  assert.equal((await flow(synAck!)).synAckAfterNs, 0);
  const noAck = await flow({ ...syn, ackNs: 0n }, synAck!);
  assert.deepEqual([noAck.synAckAfterNs, noAck.ackAfterNs], [20e6, 0]);
});

Deno.test("a SYN with another number ends the flow of its ports and begins a new one", async () => {
  const rig = await openTableRig();
  const [syn, synAck] = handshake();
  rig.slots.see({ ...syn, packets: 3 });
  rig.slots.see({ ...synAck, packets: 5 });
  rig.count();
  const [again] = handshake({ syn: { sequence: 1_007, firstNs: at(1_000), atNs: at(1_001), synNs: at(1_000) } });
  rig.slots.renew({ ...again, packets: 7 });
  rig.count();
  assert.equal(rig.lab.books.stats().flows, 2);
  rig.at(1_001);
  const [old] = rig.sweep();
  assert.deepEqual([old!.endReason, old!.forward.packets, old!.reverse.packets], [3, 3, 5]);
  // what the old answer's slot still gets belongs to the connection that has the ports now
  rig.slots.see({ ...synAck, packets: 11, atNs: at(1_002) });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(records.map(({ forward, reverse }) => [forward.packets, reverse.packets]), [[7, 11]]);
  assert.equal(records[0]!.initialSequence, 1_007);
  assert.notEqual(records[0]!.traceId, old!.traceId);
  rig.checkClosed();
});

Deno.test("a repeated SYN, and one that is read after its flow's data, do not", async () => {
  const [syn, synAck] = handshake();
  const record = await flow(
    { ...syn, packets: 3 },
    { ...syn, ifindex: 3, ingressIfindex: 3, packets: 5 },
    { ...synAck, packets: 7 },
    from(true, TCP_PORTS, { protocol: 6, ifindex: 4, ingressIfindex: 4, tcpFlags: ACK, firstNs: at(50), atNs: at(51) }),
  );
  assert.deepEqual([record.forward.packets, record.reverse.packets], [9, 7]);
});

Deno.test("ends that open at once are one flow at every point, named by the low endpoint's number", async () => {
  const open = (low: boolean, more: Sighting) =>
    from(low, TCP_PORTS, { protocol: 6, tcpFlags: SYN, sequence: low ? 7 : 1_007, ...more });
  const rig = await openTableRig();
  for (const ifindex of [3, 4, 5]) {
    rig.slots.see(open(false, { ifindex, ingressIfindex: ifindex, atNs: at(1), firstNs: at(1) }));
    rig.slots.see(open(true, { ifindex, ingressIfindex: ifindex, atNs: at(2), firstNs: at(2) }));
    rig.count();
  }
  // another CPU's slot that begins with the answer to the other's SYN
  const answer = open(true, { tcpFlags: SYN | ACK, acknowledgment: 1_008, ifindex: 6, ingressIfindex: 6 });
  rig.slots.see({ ...answer, atNs: at(3), packets: 0, frames: 0, bytes: 0, wireBytes: 1 });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(records.map(({ initialSequence }) => initialSequence), [7]);
  // each node finds the same initiator, whichever SYN it saw first
  assert.deepEqual([records[0]!.source, records[0]!.forward.packets, records[0]!.reverse.packets], [LOW, 3, 3]);
});

Deno.test("after the first record who began is settled, whatever comes later", async () => {
  const rig = await openTableRig({ table: { maxRecordIntervalMs: 100 } });
  const data = { protocol: 6, tcpFlags: ACK };
  rig.slots.see(from(true, [443, 50_000], { ...data, atNs: at(0) }));
  rig.count();
  rig.at(100);
  const [first] = rig.sweep();
  assert.equal(initiator(first!), `${HIGH}:50000`);
  // an older slot of the low endpoint
  rig.slots.see(from(true, [443, 50_000], { ...data, ifindex: 3, ingressIfindex: 3, firstNs: at(-9), atNs: at(99) }));
  rig.slots.see(from(false, [443, 50_000], { ...data, tcpFlags: FIN | ACK, atNs: at(100) }));
  rig.count();
  const [last] = rig.flush();
  assert.equal(initiator(last!), initiator(first!));
  assert.equal(last!.startUnixNs, first!.startUnixNs);
  assert.equal(last!.traceId, first!.traceId);
  assert.deepEqual([first!.reverse.packets, last!.reverse.packets, last!.forward.packets], [1, 1, 1]);
});

Deno.test("a flow of one address with itself keeps its directions by port", async () => {
  const self = { source: "127.0.0.1", destination: "127.0.0.1" };
  const record = await flow(
    from(true, [50_000, 443], { ...self, packets: 3 }),
    from(false, [50_000, 443], { ...self, packets: 5 }),
  );
  assert.deepEqual([record.sourcePort, record.forward.packets, record.reverse.packets], [50_000, 3, 5]);
});

Deno.test("a record has each direction's own facts", async () => {
  const v6 = { source: "2001:db8::1", destination: "2001:db8::2", protocol: 6 };
  const rig = await openTableRig();
  rig.slots.see({
    ...v6,
    atNs: at(1),
    sourcePort: 50_000,
    destinationPort: 443,
    tcpFlags: SYN | ACK,
    tcpFlagsFirst: SYN,
    ttl: 63,
    trafficClass: 0x88,
    flowLabel: 0x12345,
    sourceMac: [2, 3, 5, 7, 11, 13],
    retransmittedPackets: 2,
    retransmittedBytes: 2_800,
    outOfOrder: 3,
    zeroWindows: 1,
  });
  rig.slots.see({
    source: v6.destination,
    destination: v6.source,
    protocol: 6,
    atNs: at(2),
    sourcePort: 443,
    destinationPort: 50_000,
    tcpFlags: ACK | FIN,
    ttl: 57,
    trafficClass: 0x03,
    flowLabel: 0xfffff,
    sourceMac: [1, 1, 1, 1, 1, 1],
    retransmittedPackets: 5,
    retransmittedBytes: 7_000,
    outOfOrder: 7,
    zeroWindows: 11,
  });
  rig.count();
  const [record] = rig.flush();
  const quality = (
    { packets: _, packetsTotal: __, bytes: ___, bytesTotal: ____, wireBytes: _____, ...rest }: RecordView[
      "forward"
    ],
  ) => rest;
  const icmp = { icmpType: 0, icmpCode: 0, frames: 1 };
  assert.deepEqual(quality(record!.forward), {
    ...icmp,
    tcpFlags: SYN | ACK,
    ttl: 63,
    trafficClass: 0x88,
    flowLabel: 0x12345,
    retransmittedPackets: 2,
    retransmittedBytes: 2_800,
    outOfOrder: 3,
    zeroWindows: 1,
  });
  assert.deepEqual(quality(record!.reverse), {
    ...icmp,
    tcpFlags: ACK | FIN,
    ttl: 57,
    trafficClass: 0x03,
    flowLabel: 0xfffff,
    retransmittedPackets: 5,
    retransmittedBytes: 7_000,
    outOfOrder: 7,
    zeroWindows: 11,
  });
  assert.deepEqual([record!.ipVersion, record!.sourceMac], [6, "020305070b0d"]);
});

Deno.test("TCP's quality counters are what came since the last record, and hold at their most", async () => {
  const rig = await openTableRig({ table: { maxRecordIntervalMs: 100 } });
  const tcp = { protocol: 6, tcpFlags: ACK };
  rig.slots.see({
    ...tcp,
    atNs: at(0),
    retransmittedPackets: 3,
    retransmittedBytes: 300,
    outOfOrder: 5,
    zeroWindows: 7,
  });
  rig.count();
  rig.at(100);
  const quality = (
    { forward: f }: RecordView,
  ) => [f.retransmittedPackets, f.retransmittedBytes, f.outOfOrder, f.zeroWindows];
  assert.deepEqual(rig.sweep().map(quality), [[3, 300, 5, 7]]);
  rig.slots.see({ ...tcp, atNs: at(100), retransmittedPackets: 2, retransmittedBytes: 0xfffffff0 });
  rig.count();
  // past 2^32: the slot's counter wraps, the flow's stays at its most
  rig.slots.see({ ...tcp, atNs: at(100), retransmittedPackets: 1, retransmittedBytes: 1_000 });
  rig.count();
  assert.deepEqual(rig.flush().map(quality), [[3, 0xffffffff, 0, 0]]);
});

/** When flows are due: idle by protocol and TCP state, ended, reported while they go on, and ended by force. */
import assert from "node:assert/strict";
import { type Sighting } from "../support/slot_writer.ts";
import { MS, openTableRig, START_NS, type TableRig } from "../support/table_rig.ts";

const IDLE = 1;
const ACTIVE = 2;
const END = 3;
const FORCED = 4;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** All different, so that a mix-up shows. */
const TIMEOUTS = {
  genericTimeoutMs: 3_000,
  icmpTimeoutMs: 1_100,
  tcpTimeoutMs: 2_300,
  tcpFinTimeoutMs: 500,
  tcpRstTimeoutMs: 700,
  udpTimeoutMs: 6_100,
  maxRecordIntervalMs: 60_000,
};

function reverse(sighting: Sighting): Sighting {
  const { source = "10.0.0.1", destination = "10.0.0.2", sourcePort = 40_009, destinationPort = 443 } = sighting;
  return {
    ...sighting,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

/** The ms after which a flow of these sightings ends, to the ms, and why. */
async function endsAfter(...sightings: Sighting[]): Promise<[number, number]> {
  const rig = await openTableRig({ table: TIMEOUTS });
  for (const sighting of sightings) rig.slots.see({ atNs: rig.nowNs, ...sighting });
  rig.count();
  for (const ms of Object.values(TIMEOUTS).sort((a, b) => a - b)) {
    rig.at(ms - 1);
    assert.equal(rig.sweep().length, 0, `nothing ends ${ms - 1} ms after the last packet`);
    rig.at(ms);
    const [record] = rig.sweep();
    if (!record) continue;
    rig.checkClosed();
    return [ms, record.endReason];
  }
  throw new Error("the flow never ended");
}

Deno.test("sweep() ends silent flows by their protocol's timeout", async () => {
  const tcp = { protocol: 6, tcpFlags: ACK };
  assert.deepEqual(await endsAfter({ protocol: 17 }), [6_100, IDLE]);
  assert.deepEqual(await endsAfter(tcp), [2_300, IDLE]);
  assert.deepEqual(await endsAfter({ protocol: 1, sourcePort: 8, destinationPort: 0 }), [1_100, IDLE]);
  const v6 = { source: "2001:db8::1", destination: "2001:db8::2" };
  assert.deepEqual(await endsAfter({ ...v6, protocol: 58, sourcePort: 128, destinationPort: 0 }), [1_100, IDLE]);
  for (const protocol of [47, 132, 255, 0]) assert.deepEqual(await endsAfter({ protocol }), [3_000, IDLE]);
  const fragment = { fragment: true, sourcePort: 0, destinationPort: 0 };
  for (const protocol of [6, 17, 1]) assert.deepEqual(await endsAfter({ ...fragment, protocol }), [3_000, IDLE]);
});

Deno.test("sweep() ends TCP flows that said so sooner, and calls it their end", async () => {
  const data = { protocol: 6, tcpFlags: ACK };
  const fin = { protocol: 6, tcpFlags: ACK | FIN };
  const rst = { protocol: 6, tcpFlags: RST };
  assert.deepEqual(await endsAfter(fin, reverse(fin)), [500, END]);
  assert.deepEqual(await endsAfter(fin), [500, END], "the other side was never heard");
  assert.deepEqual(await endsAfter(fin, reverse(data)), [2_300, IDLE], "the other side may go on");
  assert.deepEqual(await endsAfter(data, reverse(fin)), [2_300, IDLE]);
  assert.deepEqual(await endsAfter(data, reverse(rst)), [700, END]);
  assert.deepEqual(await endsAfter(rst), [700, END]);
  assert.deepEqual(await endsAfter(fin, reverse(fin), rst), [700, END]);
});

Deno.test("sweep() goes by the kernel's last-seen times, not by when they were read", async () => {
  const rig = await openTableRig({ table: TIMEOUTS });
  rig.slots.see({ atNs: START_NS });
  rig.at(6_099);
  rig.count();
  assert.equal(rig.sweep().length, 0);
  rig.slots.see({ atNs: START_NS + 6_000n * MS });
  rig.at(6_100);
  rig.count();
  assert.equal(rig.sweep().length, 0, "a packet that was read in time keeps the flow");
  rig.at(12_100);
  assert.equal(rig.sweep().length, 1);
  rig.checkClosed();
});

Deno.test("sweep() does not take a time that lies ahead, as the precise clock's may, for silence", async () => {
  const rig = await openTableRig({ table: TIMEOUTS });
  rig.slots.see({ atNs: START_NS + 8n * MS });
  rig.count();
  assert.deepEqual(rig.sweep(), []);
});

async function talkingRig(): Promise<TableRig> {
  const rig = await openTableRig({ table: { ...TIMEOUTS, maxRecordIntervalMs: 5_000 } });
  rig.slots.see({ atNs: START_NS, packets: 3, bytes: 301 });
  rig.count();
  return rig;
}

Deno.test("sweep() reports flows that go on at each interval, with what came since and in all", async () => {
  const rig = await talkingRig();
  const seen: unknown[] = [];
  for (let second = 1; second <= 17; second++) {
    rig.at(second * 1000);
    rig.slots.see({ atNs: rig.nowNs, packets: 2, bytes: 211 });
    rig.count();
    for (const { endReason, number, forward } of rig.sweep()) {
      seen.push([second, endReason, number, forward.packets, forward.packetsTotal, forward.bytes, forward.bytesTotal]);
    }
  }
  assert.deepEqual(seen, [
    [5, ACTIVE, 1, 13, 13, 301 + 5 * 211, 301 + 5 * 211],
    [10, ACTIVE, 2, 10, 23, 5 * 211, 301 + 10 * 211],
    [15, ACTIVE, 3, 10, 33, 5 * 211, 301 + 15 * 211],
  ]);
  rig.checkBooks();
  rig.at(17_000 + 6_100);
  assert.deepEqual(rig.sweep().map(({ endReason, forward }) => [endReason, forward.packets, forward.packetsTotal]), [
    [IDLE, 4, 37],
  ]);
  rig.checkClosed();
});

Deno.test("sweep() reports nothing of a flow that has nothing new, and the interval begins when it has", async () => {
  const rig = await openTableRig({ table: { ...TIMEOUTS, udpTimeoutMs: 100_000, maxRecordIntervalMs: 5_000 } });
  rig.slots.see({ atNs: START_NS });
  rig.count();
  rig.at(5_000);
  assert.equal(rig.sweep().length, 1);
  rig.at(11_000);
  assert.equal(rig.sweep().length, 0);
  rig.slots.see({ atNs: rig.nowNs });
  rig.count();
  assert.deepEqual(rig.sweep().map(({ endReason, forward }) => [endReason, forward.packets]), [[ACTIVE, 1]]);
  rig.slots.see({ atNs: rig.nowNs });
  rig.count();
  rig.at(15_999);
  assert.equal(rig.sweep().length, 0);
  rig.at(16_000);
  assert.equal(rig.sweep().length, 1);
});

Deno.test("sweep() looks at a bounded number of entries a step and hands out a bounded number of records", async () => {
  const rig = await openTableRig({ table: TIMEOUTS });
  for (let i = 0; i < 101; i++) rig.slots.see({ sourcePort: 41_000 + i, atNs: START_NS });
  rig.count();
  const { table, out } = rig.lab;
  assert.deepEqual([table.sweep(40, 100), table.sweep(40, 100), table.sweep(40, 100)], [0, 0, 1]);
  rig.at(10_000);
  assert.equal(table.sweep(1_000, 7), 0);
  assert.equal(out.waiting(), 7);
  assert.equal(table.sweep(30, 1_000), 0);
  assert.equal(out.waiting(), 37);
  assert.equal(table.sweep(1_000, 1_000), 1);
  assert.equal(rig.take().length, 101);
  rig.checkClosed();
});

Deno.test("flush() ends every flow by force, but for those that had ended themselves", async () => {
  const rig = await openTableRig({ table: TIMEOUTS });
  const tcp = { protocol: 6, sourcePort: 41_001, tcpFlags: ACK | FIN };
  rig.slots.see({ atNs: START_NS, packets: 3 });
  rig.slots.see({ atNs: START_NS, ...tcp });
  rig.slots.see({ atNs: START_NS, ...reverse(tcp) });
  rig.slots.see({ atNs: START_NS, protocol: 6, sourcePort: 41_002, tcpFlags: SYN });
  rig.count();
  rig.lab.table.sweep(1, 1);
  const records = rig.flush();
  assert.deepEqual(records.map(({ protocol, endReason }) => [protocol, endReason]), [[17, FORCED], [6, END], [
    6,
    FORCED,
  ]]);
  rig.checkClosed();
});

/** When there is no room for another flow, packets go to aggregates: less detail, the same totals. */
import assert from "node:assert/strict";
import { Fact, RECORD_AGGREGATE, RECORD_FLOW } from "../../src/flow_record.ts";
import { bridgedHost, POD_A, POD_B } from "../support/host_devices.ts";
import type { RecordView } from "../support/record_view.ts";
import { MS, openTableRig, START_NS } from "../support/table_rig.ts";

const IDLE = 1;
const FORCED = 4;

function aggregates(records: RecordView[]): unknown[] {
  return records.filter(({ what }) => what === RECORD_AGGREGATE).map((record) => [
    record.protocol,
    `${record.source}/${record.prefixBits}`,
    `${record.destination}/${record.prefixBits}`,
    record.forward.packets,
    record.reverse.packets,
  ]);
}

Deno.test("flows beyond the maximum are counted by protocol and prefixes, in both directions", async () => {
  const rig = await openTableRig({ memory: { flowsMax: 2 } });
  rig.slots.see({ packets: 3 });
  rig.slots.see({ sourcePort: 41_001, packets: 5 });
  const beyond = [
    { source: "10.1.2.3", destination: "10.9.8.7", sourcePort: 41_002, packets: 7 },
    { source: "10.1.99.3", destination: "10.9.0.1", sourcePort: 41_003, packets: 11 },
    { source: "10.9.8.7", destination: "10.1.2.3", sourcePort: 443, destinationPort: 41_002, packets: 13 },
    { source: "10.1.2.3", destination: "10.9.8.7", protocol: 6, packets: 17 },
    { source: "10.1.2.3", destination: "10.8.8.7", packets: 19 },
    { source: "2001:db8:1::1", destination: "2001:db9:2::2", packets: 23 },
    { source: "2001:db8:ffff::1", destination: "2001:db9::2", packets: 29 },
  ];
  for (const sighting of beyond) rig.slots.see(sighting);
  rig.count();
  const { table } = rig.checkBooks();
  assert.equal(table.held.packets, 8n);
  assert.equal(table.overflow_held.packets, 119n);
  const { flows, aggregates: live, overflowed } = rig.lab.books.stats();
  assert.deepEqual({ flows, live, overflowed }, { flows: 2, live: 4, overflowed: 7 });
  const records = rig.flush();
  assert.deepEqual(
    aggregates(records),
    [
      [17, "10.1.0.0/16", "10.9.0.0/16", 18, 13],
      [6, "10.1.0.0/16", "10.9.0.0/16", 17, 0],
      [17, "10.1.0.0/16", "10.8.0.0/16", 19, 0],
      [17, "2001:db8::/32", "2001:db9::/32", 52, 0],
    ].map((row) => row),
  );
  for (const record of records) {
    assert.equal(record.endReason, FORCED);
    if (record.what === RECORD_FLOW) continue;
    assert.deepEqual([record.sourcePort, record.destinationPort], [0, 0]);
    assert(record.has(Fact.COUNTED_FORWARD) || record.has(Fact.COUNTED_REVERSE));
  }
  rig.checkClosed();
});

Deno.test("beyond the aggregates, protocol and IP version are all that is told", async () => {
  const rig = await openTableRig({ memory: { flowsMax: 1, aggregatesMax: 2 } });
  rig.slots.see({ packets: 3 });
  for (let i = 0; i < 7; i++) rig.slots.see({ source: `10.${i}.0.1`, destination: "10.99.0.1", packets: 5 });
  rig.slots.see({ source: "2001:db8::1", destination: "2001:db8::2", packets: 7 });
  rig.slots.see({ source: "10.50.0.1", destination: "10.99.0.1", protocol: 47, packets: 11 });
  rig.count();
  const records = rig.flush();
  assert.deepEqual(aggregates(records), [
    [17, "10.0.0.0/16", "10.99.0.0/16", 5, 0],
    [17, "10.1.0.0/16", "10.99.0.0/16", 5, 0],
    [17, "0.0.0.0/0", "0.0.0.0/0", 25, 0],
    [17, "::/0", "::/0", 7, 0],
    [47, "0.0.0.0/0", "0.0.0.0/0", 11, 0],
  ]);
  assert.deepEqual(records.map(({ ipVersion }) => ipVersion), [4, 4, 4, 4, 6, 4]);
  rig.checkClosed();
});

Deno.test("all protocols of both versions have an aggregate of last resort at once", async () => {
  const rig = await openTableRig({ memory: { flowsMax: 1, aggregatesMax: 1, slots: 1024 } });
  rig.slots.see({ packets: 3 });
  rig.slots.see({ source: "10.1.0.1", packets: 3 });
  for (let protocol = 0; protocol < 256; protocol++) {
    rig.slots.see({ source: "10.2.0.1", destination: "10.3.0.1", protocol });
    rig.slots.see({ source: "2001:db8::1", destination: "2001:db8::2", protocol });
  }
  rig.count();
  assert.equal(rig.lab.books.stats().aggregates, 513);
  assert.equal(rig.flush().length, 514);
  rig.checkClosed();
});

Deno.test("an aggregate goes out as flows do, and a flow gets its own entry when there is room", async () => {
  const rig = await openTableRig({
    memory: { flowsMax: 1 },
    table: { genericTimeoutMs: 700, udpTimeoutMs: 300, maxRecordIntervalMs: 400 },
  });
  const late = { source: "10.1.0.1", destination: "10.9.0.1" };
  rig.slots.see({ packets: 3, atNs: START_NS });
  rig.slots.see({ ...late, packets: 5, atNs: START_NS });
  rig.count();
  rig.at(300);
  assert.deepEqual(rig.sweep().map(({ what, endReason }) => [what, endReason]), [[RECORD_FLOW, IDLE]]);
  // now there is room: the slot's further packets are its own flow's
  rig.slots.see({ ...late, packets: 7, atNs: START_NS + 350n * MS });
  rig.at(350);
  rig.count();
  assert.deepEqual(rig.snapshot().map(({ source, forward }) => [source, forward.packets]), [
    ["10.1.0.1", 7],
    ["10.1.0.0", 5],
  ]);
  rig.at(400);
  assert.deepEqual(aggregates(rig.sweep()), [[17, "10.1.0.0/16", "10.9.0.0/16", 5, 0]]);
  rig.at(700);
  const records = rig.sweep();
  assert.deepEqual(aggregates(records), [[17, "10.1.0.0/16", "10.9.0.0/16", 0, 0]]);
  assert.equal(records.length, 2);
  rig.checkClosed();
});

Deno.test("duplicates that find no room are shown nowhere", async () => {
  const rig = await openTableRig({ memory: { flowsMax: 1 } }, bridgedHost());
  rig.slots.see({ packets: 3 });
  const beyond = { source: "10.1.0.1", destination: "10.9.0.1" };
  rig.slots.see({ ...beyond, ifindex: POD_B, hook: "egress", ingressIfindex: POD_A, packets: 5 });
  rig.slots.see({ ...beyond, ifindex: POD_A, ingressIfindex: POD_A, packets: 5 });
  rig.count();
  assert.equal(rig.checkBooks().table.duplicate.packets, 5n);
  assert.deepEqual(aggregates(rig.flush()), [[17, "10.1.0.0/16", "10.9.0.0/16", 5, 0]]);
  rig.checkClosed();
});

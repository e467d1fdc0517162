/** Records on their way out: nothing is handed out twice, nothing is dropped where nobody takes it. */
import assert from "node:assert/strict";
import { Fact, RECORD_FLOW, RECORD_LIVE } from "../../src/flow_record.ts";
import { SWEEP_DONE, SWEEP_OUT_FULL } from "../../src/count/mod.ts";
import { MS, openTableRig, START_NS } from "../support/table_rig.ts";

const LONG = { udpTimeoutMs: 1_000_000, maxRecordIntervalMs: 100 };

Deno.test("a full out ring refuses, the flow keeps counting, and its next record is longer", async () => {
  const rig = await openTableRig({ memory: { outRecords: 16 }, table: LONG });
  for (let i = 0; i < 23; i++) rig.slots.see({ sourcePort: 41_000 + i, packets: 3, atNs: START_NS });
  rig.count();
  rig.at(100);
  assert.equal(rig.lab.table.sweep(100, 100), SWEEP_OUT_FULL);
  assert.equal(rig.lab.out.waiting(), 16);
  assert.equal(rig.lab.table.sweep(100, 100), SWEEP_OUT_FULL);
  assert.equal(rig.lab.books.stats().outFull, 2);
  // all flows go on; seven of them were refused
  for (let i = 0; i < 23; i++) rig.slots.see({ sourcePort: 41_000 + i, packets: 5, atNs: rig.nowNs });
  rig.count();
  const first = rig.take(1);
  assert.equal(rig.lab.table.sweep(100, 100), SWEEP_OUT_FULL, "one more was let in");
  first.push(...rig.take());
  assert.deepEqual(first.map(({ forward }) => forward.packets), [...Array(16).fill(3), 8]);
  assert.equal(rig.lab.table.sweep(100, 100), SWEEP_DONE, "it goes on where it was refused");
  assert.deepEqual(rig.take().map(({ forward }) => [forward.packets, forward.packetsTotal]), Array(6).fill([8, 8]));
  assert.deepEqual(
    rig.flush().map(({ number, forward }) => [number, forward.packets, forward.packetsTotal]),
    [...Array(16).fill([2, 5, 8]), ...Array(7).fill([2, 0, 8])],
  );
  rig.checkClosed();
});

Deno.test("flush() waits at a full out ring and loses nothing", async () => {
  const rig = await openTableRig({ memory: { outRecords: 16 } });
  for (let i = 0; i < 53; i++) rig.slots.see({ sourcePort: 41_000 + i, packets: 1 + i });
  rig.count();
  rig.lab.table.rewind();
  assert.equal(rig.lab.table.flush(1_000), SWEEP_OUT_FULL);
  assert.equal(rig.lab.table.flush(1_000), SWEEP_OUT_FULL);
  const records = [...rig.take(), ...rig.flush()];
  assert.deepEqual(records.map(({ forward }) => forward.packets), Array.from({ length: 53 }, (_, i) => 1 + i));
  rig.checkClosed();
});

Deno.test("the out ring goes round many times", async () => {
  const rig = await openTableRig({ memory: { outRecords: 16 }, table: LONG });
  let packets = 0;
  for (let round = 1; round <= 101; round++) {
    rig.slots.see({ packets: round, atNs: rig.nowNs });
    rig.at(round * 100);
    rig.count();
    for (const { number, forward } of rig.sweep()) {
      assert.deepEqual([number, forward.packets], [round, round]);
      packets += forward.packets;
    }
  }
  assert.equal(packets, 101 * 51);
  assert.equal(rig.lab.books.stats().records, 101);
  rig.checkBooks();
});

Deno.test("a snapshot shows every live flow once, page by page, and changes nothing", async () => {
  const rig = await openTableRig({ table: LONG });
  for (let i = 0; i < 31; i++) rig.slots.see({ sourcePort: 41_000 + i, packets: 1 + i, atNs: START_NS });
  rig.count();
  const before = rig.checkBooks();
  const looks = [1, 7, 31, 512].map((page) => rig.snapshot(page).map(({ has: _, ...rest }) => rest));
  for (const look of looks) assert.deepEqual(look, looks[0]);
  assert.deepEqual(looks[0]!.map(({ what, endReason, forward }) => [what, endReason, forward.packets]), [
    ...Array.from({ length: 31 }, (_, i) => [RECORD_LIVE, 0, 1 + i]),
  ]);
  assert.deepEqual(rig.checkBooks(), before);
  rig.at(100);
  const handed = rig.sweep();
  assert.deepEqual(
    handed.map(({ what, spanId, traceId }) => [what, spanId, traceId].slice(0, 1)),
    Array(31).fill([RECORD_FLOW]),
  );
  assert(rig.snapshot().every(({ forward, number }) => forward.packets === 0 && number === 1));
});

Deno.test("what a record says of its counts is what the exporters may add up", async () => {
  const rig = await openTableRig();
  rig.slots.see({ packets: 3, bytes: 1_000, wireBytes: 1_200, frames: 2 });
  rig.count();
  const [record] = rig.flush();
  assert(record!.has(Fact.COUNTED_FORWARD) && !record!.has(Fact.COUNTED_REVERSE));
  const { handed_out } = rig.checkBooks().table;
  assert.deepEqual(handed_out, { frames: 2n, packets: 3n, bytes: 1_000n, wire_bytes: 1_200n });
});

Deno.test("counts past 2^32 and 2^53 stay exact in the books", async () => {
  const rig = await openTableRig();
  for (let i = 0; i < 4; i++) {
    rig.slots.see({ packets: 2 ** 33 + 1, frames: 2 ** 33, bytes: 2 ** 52 + 1, wireBytes: 2 ** 52 + 3 });
    rig.count();
  }
  const [record] = rig.flush();
  assert.equal(record!.forward.packets, 2 ** 35 + 4);
  const { handed_out } = rig.books().table;
  assert.deepEqual(handed_out, {
    frames: 2n ** 35n,
    packets: 2n ** 35n + 4n,
    bytes: 2n ** 54n + 4n,
    wire_bytes: 2n ** 54n + 12n,
  });
});

Deno.test("the start keeps the wall clock of a flow's creation, the end takes the newest", async () => {
  const rig = await openTableRig({ table: LONG });
  const hour = 3_600_000_000_000n;
  rig.at(0, 7n * hour);
  rig.slots.see({ atNs: START_NS + 1n });
  rig.count();
  rig.at(1_000, 8n * hour);
  rig.slots.see({ atNs: START_NS + 900n * MS });
  rig.slots.see({ sourcePort: 41_001, atNs: START_NS + 950n * MS });
  rig.count();
  const [old, young] = rig.sweep();
  assert.deepEqual([old!.startUnixNs, old!.endUnixNs], [START_NS + 1n + 7n * hour, START_NS + 900n * MS + 8n * hour]);
  assert.equal(young, undefined, "not old enough for a record");
  const [, last] = rig.flush();
  assert.equal(last!.startUnixNs, START_NS + 950n * MS + 8n * hour);
});

Deno.test("a wall clock set back does not end a flow before it began", async () => {
  const rig = await openTableRig({ table: LONG });
  const hour = 3_600_000_000_000n;
  rig.at(0, 7n * hour);
  rig.slots.see({ atNs: START_NS, firstNs: START_NS });
  rig.count();
  rig.at(1_000, 5n * hour);
  rig.slots.see({ atNs: START_NS + 300n * MS });
  rig.count();
  const [record] = rig.flush();
  assert.equal(record!.startUnixNs, START_NS + 7n * hour);
  assert.equal(record!.endUnixNs - record!.startUnixNs, 300n * MS, "then its length counts");
});

Deno.test("a suspend, which the monotonic clock does not see, moves later flows and no earlier start", async () => {
  const rig = await openTableRig({ table: LONG });
  for (const [i, offsetS] of [0n, 100n, 100n, 3_000n].entries()) {
    rig.at(i * 10, offsetS * 1_000_000_000n);
    rig.slots.see({ sourcePort: 41_000 + i, atNs: rig.nowNs });
    rig.count();
  }
  assert.deepEqual(
    rig.flush().map(({ startUnixNs }, i) => (startUnixNs - START_NS - BigInt(i) * 10n * MS) / 1_000_000_000n),
    [0n, 100n, 100n, 3_000n],
  );
});

Deno.test("a flow that goes on after its end was handed out starts where the ended one's packets end", async () => {
  const rig = await openTableRig({ table: { udpTimeoutMs: 500 } });
  rig.slots.see({ atNs: START_NS, packets: 3 });
  rig.count();
  rig.at(500);
  assert.equal(rig.sweep().length, 1);
  rig.at(600);
  rig.slots.see({ atNs: START_NS + 590n * MS, packets: 1 });
  rig.count();
  const [one] = rig.snapshot();
  assert.equal(one!.startUnixNs, START_NS + 590n * MS, "one packet: its own time");
  rig.at(1_200);
  assert.equal(rig.sweep().length, 1);
  rig.at(1_300);
  rig.slots.see({ atNs: START_NS + 1_290n * MS, packets: 5 });
  rig.count();
  const [several] = rig.snapshot();
  assert.equal(several!.startUnixNs, START_NS + 1_200n * MS, "several: since the round before");
  assert.deepEqual(rig.flush().map(({ forward, number }) => [forward.packetsTotal, number]), [[5, 1]]);
  rig.checkClosed();
});

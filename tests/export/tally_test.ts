import assert from "node:assert/strict";
import { CountingExporter } from "../../src/export/counting.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { Tally } from "../../src/export/tally.ts";
import { Fact } from "../../src/flow_record.ts";
import { zeroAmount } from "../../src/books.ts";
import { buildRecord } from "../support/build_record.ts";

const sides = {
  forward: { packets: 3, frames: 2, bytes: 300, wireBytes: 340 },
  reverse: { packets: 5, frames: 4, bytes: 500, wireBytes: 580 },
};
const { COUNTED_FORWARD, COUNTED_REVERSE } = Fact;

Deno.test("RecordSum adds up what counts, side by side", () => {
  const sum = new RecordSum();
  sum.add(buildRecord({ ...sides, facts: 0 }));
  assert.deepEqual(sum.amount(), zeroAmount());
  sum.add(buildRecord({ ...sides, facts: COUNTED_FORWARD }));
  assert.deepEqual(sum.amount(), { frames: 2n, packets: 3n, bytes: 300n, wire_bytes: 340n });
  sum.add(buildRecord({ ...sides, facts: COUNTED_REVERSE }));
  sum.add(buildRecord({ ...sides, facts: COUNTED_FORWARD | COUNTED_REVERSE }));
  assert.deepEqual(sum.amount(), { frames: 12n, packets: 16n, bytes: 1_600n, wire_bytes: 1_840n });
  assert.equal(sum.records, 4);
});

Deno.test("RecordSum stays exact past what numbers hold, and so do sums of sums", () => {
  const total = new RecordSum();
  for (let i = 0; i < 3; i++) {
    const sum = new RecordSum();
    for (let j = 0; j < 1_000; j++) {
      sum.add(
        buildRecord({ facts: COUNTED_FORWARD, forward: { packets: 1, bytes: 2 ** 51 - 1, wireBytes: 2 ** 51 + 1 } }),
      );
    }
    total.addSum(sum);
  }
  const { bytes, wire_bytes, packets } = total.amount();
  assert.deepEqual([bytes, wire_bytes, packets], [3_000n * (2n ** 51n - 1n), 3_000n * (2n ** 51n + 1n), 3_000n]);
  assert.equal(total.records, 3_000);
  assert.deepEqual(total.amount(), total.amount());
});

Deno.test("Tally keeps losses apart by reason", () => {
  const tally = new Tally();
  const record = buildRecord({ ...sides, facts: COUNTED_FORWARD });
  tally.exported.add(record);
  tally.lost("closed").add(record);
  tally.lost("closed").add(record);
  tally.lost("deadline").add(record);
  assert.deepEqual(tally.lostRecords(), { closed: 2, deadline: 1 });
  const { queued, exported, lost_export } = tally.terms(zeroAmount());
  assert.deepEqual([queued.packets, exported.packets], [0n, 3n]);
  assert.deepEqual([lost_export.closed!.packets, lost_export.deadline!.packets], [6n, 3n]);
});

Deno.test("CountingExporter is always ready and counts all", async () => {
  const exporter = new CountingExporter();
  for (let i = 0; i < 7; i++) exporter.accept(buildRecord({ ...sides, facts: COUNTED_FORWARD }));
  assert(exporter.isReady());
  await exporter.ready();
  await exporter.close();
  assert.equal(exporter.name, "none");
  assert.deepEqual(exporter.records(), { queued: 0, exported: 7, lost: {} });
  assert.equal(exporter.terms().exported.packets, 21n);
});

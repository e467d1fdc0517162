/** Slots and ring records become counts: each packet of each generation once, whoever reads first. */
import assert from "node:assert/strict";
import { TableBroken } from "../../src/count/mod.ts";
import { RING_RECORD_BYTES, SLOT_BYTES } from "../../src/limits.ts";
import { CPU_AREA_BYTES, MARKS_AT, ringParts } from "../../src/memory_plan.ts";
import { SLOT_OFFSETS } from "../support/slot_view.ts";
import { openTableRig, START_NS, type TableRig } from "../support/table_rig.ts";

const BUSY = 0x80000000;

function taken(rig: TableRig): bigint {
  return rig.lab.books.terms().taken.packets;
}

Deno.test("scan() counts what a slot has more than before, in every measure", async () => {
  const rig = await openTableRig();
  rig.slots.see({ packets: 7, frames: 3, bytes: 701, wireBytes: 907 });
  assert.equal(rig.lab.table.scan(false), 1);
  assert.equal(rig.lab.table.scan(true), 0);
  rig.slots.see({ packets: 5, frames: 2, bytes: 503, wireBytes: 601 });
  assert.equal(rig.lab.table.scan(false), 1);
  assert.deepEqual(rig.lab.books.terms().taken, { frames: 5n, packets: 12n, bytes: 1204n, wire_bytes: 1508n });
  assert.equal(rig.lab.books.stats().slotsCounted, 2);
  const [record] = rig.flush();
  const { packets, frames, bytes, wireBytes } = record!.forward;
  assert.deepEqual({ packets, frames, bytes, wireBytes }, { packets: 12, frames: 5, bytes: 1204, wireBytes: 1508 });
  rig.checkClosed();
});

Deno.test("scan() reads marked groups only, clears their marks, and reads all when asked", async () => {
  const rig = await openTableRig({ memory: { cpuCount: 2, slots: 2 * 4096 } });
  const marks = new Uint8Array(rig.memory.buffer, rig.plan.cpus + MARKS_AT, 512);
  const others = new Uint8Array(rig.memory.buffer, rig.plan.cpus + CPU_AREA_BYTES + MARKS_AT, 512);
  const places = [0, 1, 17, 4095, 4096, 4096 + 2048, 8191];
  for (const [i, place] of places.entries()) rig.slots.see({ sourcePort: 41_000 + i }, place);
  assert.equal(marks.filter((mark) => mark).length, 3);
  assert.equal(others.filter((mark) => mark).length, 3);
  others.fill(0);
  assert.equal(rig.lab.table.scan(false), 4);
  assert(marks.every((mark) => mark === 0));
  assert.equal(rig.lab.table.scan(false), 0);
  assert.equal(rig.lab.table.scan(true), 3);
  assert.equal(taken(rig), 7n);
});

Deno.test("scan() leaves a slot alone while it is rewritten, and while its old generation waits in the ring", async () => {
  const rig = await openTableRig();
  const index = rig.slots.see({ packets: 3 });
  rig.slots.stepGeneration(index);
  assert.equal(rig.lab.table.scan(true), 0, "odd: half of a claim");
  rig.slots.stepGeneration(index);
  assert.equal(rig.lab.table.scan(true), 0, "another generation than the expected one");
  const view = new DataView(rig.memory.buffer);
  view.setUint32(rig.slots.address(index), 2, true);
  assert.equal(rig.lab.table.scan(true), 1);

  rig.slots.see({ sourcePort: 41_001, packets: 5 }, index);
  assert.equal(rig.lab.table.scan(true), 0);
  assert.equal(rig.drain(), 1);
  assert.equal(rig.lab.table.scan(true), 1);
  assert.equal(taken(rig), 8n);
  assert.deepEqual(rig.flush().map(({ forward }) => forward.packets).sort(), [3, 5]);
  rig.checkClosed();
});

Deno.test("drain() counts what an evicted slot has more than was scanned of it, generation after generation", async () => {
  const rig = await openTableRig();
  const index = rig.slots.see({ packets: 3 });
  rig.count();
  rig.slots.see({ packets: 5 });
  // four more generations of the same slot, none of them scanned
  for (const port of [41_001, 41_002, 41_003, 41_004]) rig.slots.see({ sourcePort: port, packets: 7 }, index);
  assert.equal(rig.lab.table.drain(2), 2);
  assert.equal(rig.lab.table.drain(100), 2);
  assert.equal(taken(rig), 3n + 5n + 3n * 7n);
  assert.equal(rig.lab.table.scan(true), 1);
  assert.equal(taken(rig), 3n + 5n + 4n * 7n);
  assert.equal(rig.lab.books.stats().ringRecords, 4);
  rig.checkBooks();
});

Deno.test("drain() goes round the ring, over records given up, and stops at one that is not ready", async () => {
  const rig = await openTableRig({ memory: { ringBytes: 4096 } });
  let packets = 0n;
  for (let i = 0; i < 211; i++) {
    rig.slots.see({ sourcePort: 41_000 + i, packets: 1 + i % 5 }, 7);
    packets += BigInt(1 + i % 5);
    if (i % 3 === 0) rig.slots.discard();
    if (i % 7 === 0) rig.drain();
  }
  rig.count();
  assert.equal(taken(rig), packets);

  rig.slots.see({ sourcePort: 42_001 }, 7);
  const { producer, data } = ringParts(rig.plan);
  const view = new DataView(rig.memory.buffer);
  const last = Number(view.getBigUint64(producer, true)) - RING_RECORD_BYTES;
  const header = data + last % rig.plan.ringBytes;
  view.setUint32(header, SLOT_BYTES | BUSY, true);
  assert.equal(rig.drain(), 0);
  view.setUint32(header, SLOT_BYTES, true);
  assert.equal(rig.drain(), 1);
  rig.count();
  rig.checkBooks();
});

Deno.test("drain() tells the kernel of free room, at the latest at its end", async () => {
  const rig = await openTableRig();
  for (let i = 0; i < 131; i++) rig.slots.see({ sourcePort: 41_000 + i }, 0);
  assert.equal(rig.slots.ringFill(), 130 * RING_RECORD_BYTES);
  rig.lab.table.drain(64);
  assert.equal(rig.slots.ringFill(), 66 * RING_RECORD_BYTES);
  rig.lab.table.drain(1);
  assert.equal(rig.slots.ringFill(), 65 * RING_RECORD_BYTES);
  rig.drain();
  assert.equal(rig.slots.ringFill(), 0);
});

Deno.test("a full ring loses packets in the kernel's books only, and generations stay in order", async () => {
  const rig = await openTableRig({ memory: { ringBytes: 4096 } });
  for (let i = 0; i < 97; i++) rig.slots.see({ sourcePort: 41_000 + i, packets: 3 }, i % 2);
  assert(rig.slots.lost.packets > 0n);
  rig.count();
  for (let i = 0; i < 17; i++) rig.slots.see({ sourcePort: 42_000 + i, packets: 3 }, i % 2);
  rig.count();
  const { kernel } = rig.checkBooks();
  assert.equal(kernel.seen.packets, 3n * (97n + 17n));
  assert.equal(rig.flush().reduce((sum, { forward }) => sum + forward.packets, 0), Number(kernel.accounted.packets));
  rig.checkClosed();
});

Deno.test("audit() finds what lies in slots and ring by looking, however much of it was scanned before", async () => {
  const rig = await openTableRig();
  rig.slots.see({ packets: 3 }, 0);
  rig.slots.see({ sourcePort: 41_001, packets: 5 }, 1);
  rig.count();
  rig.slots.see({ packets: 7 });
  rig.slots.see({ sourcePort: 41_002, packets: 11 }, 1);
  rig.slots.see({ sourcePort: 41_003, packets: 13 }, 1);
  const { table } = rig.checkBooks();
  assert.equal(table.in_slots.packets, 7n + 13n);
  assert.equal(table.in_ring.packets, 11n);
  assert.equal(table.held.packets, 8n);
  assert.deepEqual(rig.checkBooks(), rig.checkBooks());
});

function breaksBy(rig: TableRig, words: RegExp, act: () => void): void {
  assert.throws(act, (error: unknown) => error instanceof TableBroken && words.test(error.message));
  assert.equal(taken(rig), 3n, "nothing of it was added");
}

Deno.test("the table stops and says which rule broke rather than count something wrong", async () => {
  const broken: Array<[RegExp, (rig: TableRig, view: DataView) => void]> = [
    [/counter is less than what was counted/, (rig, view) => {
      view.setBigUint64(rig.slots.address(0) + SLOT_OFFSETS.packets, 2n, true);
      rig.lab.table.scan(true);
    }],
    [/another generation of a slot than the next/, (rig, view) => {
      view.setUint32(rig.slots.address(0), 4, true);
      rig.slots.see({ sourcePort: 41_001 }, 0);
      rig.drain();
    }],
    [/another size than a slot/, (rig) => {
      rig.slots.record(SLOT_BYTES - 8, new Uint8Array(SLOT_BYTES));
      rig.drain();
    }],
    [/names a slot that does not exist/, (rig) => {
      const record = new Uint8Array(SLOT_BYTES);
      new DataView(record.buffer).setUint32(SLOT_OFFSETS.index, rig.plan.slotCount, true);
      rig.slots.record(SLOT_BYTES, record);
      rig.drain();
    }],
  ];
  for (const [words, act] of broken) {
    const rig = await openTableRig();
    rig.slots.see({ packets: 3 }, 0);
    rig.count();
    breaksBy(rig, words, () => act(rig, new DataView(rig.memory.buffer)));
  }
});

Deno.test("an entry used again does not take the packets of the slot that knew it before", async () => {
  const rig = await openTableRig();
  const old = { sourcePort: 41_001, atNs: START_NS };
  rig.slots.see({ ...old, packets: 3 });
  rig.count();
  rig.flush();
  rig.slots.see({ sourcePort: 41_002, packets: 5 });
  rig.count();
  assert.equal(rig.lab.books.stats().poolHigh, 1, "the same entry");
  rig.slots.see({ ...old, packets: 7 });
  rig.count();
  assert.deepEqual(rig.flush().map(({ sourcePort, forward }) => [sourcePort, forward.packets, forward.packetsTotal]), [
    [41_002, 5, 5],
    [41_001, 7, 7],
  ]);
  rig.checkClosed();
});

Deno.test("an entry of fragments and one of the same tuple without ports are told apart when an entry is used again", async () => {
  const rig = await openTableRig();
  const tuple = { protocol: 47, sourcePort: 0, destinationPort: 0 };
  rig.slots.see({ ...tuple, fragment: true, packets: 3 });
  rig.count();
  rig.flush();
  rig.slots.see({ ...tuple, packets: 5 });
  rig.count();
  rig.slots.see({ ...tuple, fragment: true, packets: 7 });
  rig.count();
  assert.deepEqual(rig.flush().map(({ isFragment, forward }) => [isFragment, forward.packets]), [[false, 5], [
    true,
    7,
  ]]);
});

/**
 * Random work for the flow table, against a model of Maps: packets into slots, evictions, drains and scans of any part,
 * changing device tables, time, a reader of any pace, and too little room for the flows. The books are right after
 * every step, and in the end every packet came out, under its tuple or its aggregate.
 */
import assert from "node:assert/strict";
import { type Amount, checkBooks, zeroAmount } from "../../src/books.ts";
import type { TableDevice } from "../../src/capture/device_table.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { verdictOf } from "../support/counting_oracle.ts";
import { BRIDGE, bridgedHost, ETH, LO, onlyAttached, POD_A, POD_B } from "../support/host_devices.ts";
import { type Random, randomTest } from "../support/random.ts";
import type { RecordView } from "../support/record_view.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { MS, openTableRig, START_NS, type TableRig } from "../support/table_rig.ts";
import { prefixesName, protocolName, RecordModel, TableModel, tupleName } from "../support/table_model.ts";

const ACTIVE = 2;
const STEPS = 400;
const RUN_MS = 5_000;
const TIMEOUTS = {
  genericTimeoutMs: 700,
  icmpTimeoutMs: 500,
  tcpTimeoutMs: 900,
  tcpFinTimeoutMs: 100,
  tcpRstTimeoutMs: 50,
  udpTimeoutMs: 1_100,
  maxRecordIntervalMs: 1_000,
};
const SILENCE_MOST_MS = 1_100;
const ATTACHED = [[LO, ETH, BRIDGE, POD_A, POD_B], [ETH], [POD_A, POD_B], [BRIDGE, POD_A, POD_B], [ETH, BRIDGE]];

class Run {
  readonly rig: TableRig;
  readonly random: Random;
  readonly model = new TableModel();
  readonly out = new RecordModel();
  readonly #hosts: number;
  readonly #ports: number;
  readonly #slotsUsed: number;
  readonly #flows = new Map<string, { number: number; total: number }>();
  readonly #spanIds = new Set<string>();
  #devices: TableDevice[] = bridgedHost();
  #ms = 0;
  #ns = 0;

  constructor(rig: TableRig, random: Random) {
    this.rig = rig;
    this.random = random;
    this.#hosts = random.pick([1, 2, 5, 40]);
    this.#ports = random.pick([2, 5, 3_000]);
    this.#slotsUsed = random.pick([3, 17, 256]);
  }

  step(): void {
    const { random } = this;
    const work = random.below(100);
    if (work < 60) { for (let i = random.below(24); i >= 0; i--) this.#see(); }
    else if (work < 70) this.#scan();
    else if (work < 82) this.#drain(random.pick([1, 2, 31, 32, 33, 100]));
    else if (work < 86) this.#move();
    else if (work < 94) this.#sweep();
    else if (work < 99) this.#take(random.below(20));
    else this.#changeDevices();
    this.check();
  }

  #sighting(): Sighting {
    const { random } = this;
    const version = random.oneIn(4) ? 6 : 4;
    const host = () => {
      const number = random.below(this.#hosts);
      return version === 6 ? `2001:db${number % 3}::${(number + 1).toString(16)}` : `10.${number % 3}.0.${number + 1}`;
    };
    const protocol = random.pick([6, 6, 17, 17, version === 6 ? 58 : 1, 47, 132]);
    const isIcmp = protocol === 1 || protocol === 58;
    const type = random.pick(protocol === 1 ? [0, 8, 3, 11, 13, 14] : [128, 129, 1, 135, 136, 143]);
    const hook = random.pick(["ingress", "egress"] as const);
    const ifindex = random.pick([LO, ETH, BRIDGE, POD_A, POD_B]);
    const packets = 1 + random.below(100);
    const bytes = packets * (40 + random.below(1400));
    // never twice the same: the precise clock tells packets apart
    const atNs = START_NS + BigInt(this.#ms) * MS + BigInt(this.#ns++);
    return {
      hook,
      ifindex,
      ingressIfindex: hook === "ingress" ? ifindex : random.pick([0, 0, ETH, BRIDGE, POD_A, POD_B, 77]),
      source: host(),
      destination: host(),
      sourcePort: isIcmp ? type : protocol === 47 ? 0 : this.#port(),
      destinationPort: isIcmp ? random.below(3) : protocol === 47 ? 0 : this.#port(),
      protocol,
      fragment: false,
      atNs,
      packets,
      frames: 1 + random.below(packets),
      bytes,
      wireBytes: bytes + random.below(10_000),
      tcpFlags: protocol === 6 ? random.pick([0x02, 0x12, 0x10, 0x10, 0x18, 0x11, 0x04]) : 0,
      sequence: random.below(3),
      acknowledgment: random.below(3) + 1,
      retransmittedPackets: random.below(3),
      synNs: atNs,
      ackNs: atNs,
      ttl: random.below(256),
    };
  }

  #port(): number {
    return this.random.oneIn(3) ? this.random.pick([443, 53]) : 40_001 + this.random.below(this.#ports);
  }

  #see(): void {
    const { random, rig, model } = this;
    const sighting = this.#sighting();
    const accounted = { ...rig.slots.accounted };
    const filled = rig.slots.ringFill();
    const slot = random.oneIn(5)
      ? rig.slots.renew(sighting, random.below(this.#slotsUsed))
      : rig.slots.see(sighting, random.below(this.#slotsUsed));
    if (rig.slots.ringFill() > filled) model.evict(slot);
    const amount = difference(rig.slots.accounted, accounted);
    if (amount.frames === 0n) return; // the ring was full
    const { protocol = 0, source = "", destination = "" } = sighting;
    const [from, to] = protocol === 6 || protocol === 17 ? [sighting.sourcePort!, sighting.destinationPort!] : [0, 0];
    model.see(
      slot,
      {
        // SCTP has ports, too; the model does without
        tuple: tupleName(protocol, source, from, destination, to),
        prefixes: prefixesName(protocol, source, destination),
        protocol: protocolName(protocol, source),
        amount,
      },
      () => verdictOf(this.#devices, sighting),
    );
  }

  #scan(): void {
    this.rig.lab.table.scan(true);
    this.model.scan();
  }

  #drain(most: number): number {
    const drained = this.rig.lab.table.drain(most);
    this.model.drain(drained);
    return drained;
  }

  #countAll(): void {
    while (this.#drain(97));
    this.#scan();
    while (this.#drain(97));
  }

  #move(): void {
    this.#ms += this.random.pick([1, 10, 50, 200, 600]);
    this.rig.at(this.#ms, BigInt(this.random.below(3)) * 2n * MS);
  }

  /** The last of a round: what is counted after it is another round's. */
  #sweep(): void {
    this.rig.lab.table.sweep(1 + this.random.below(50), 1 + this.random.below(9));
    this.#move();
  }

  #changeDevices(): void {
    this.#countAll();
    this.#devices = onlyAttached(bridgedHost(), this.random.pick(ATTACHED));
    this.rig.lab.useDevices(this.#devices);
  }

  #take(most: number): void {
    for (const record of this.rig.take(most)) this.#read(record);
  }

  #read(record: RecordView): void {
    this.out.add(record);
    assert(!this.#spanIds.has(record.spanId), "no two records have one span id");
    this.#spanIds.add(record.spanId);
    assert(record.startUnixNs <= record.endUnixNs);
    for (const side of [record.forward, record.reverse]) {
      assert(side.packets <= side.packetsTotal && side.bytes <= side.bytesTotal);
      assert.equal(side.packets === 0, side.bytes === 0);
      assert.equal(side.packets === 0, side.frames === 0);
    }
    // the records of one flow count from 1 on, their totals grow by their deltas, and nothing follows the last
    const flow = `${record.what} ${record.protocol} ${record.traceId} ${record.startUnixNs} ${record.vlan}`;
    const before = this.#flows.get(flow) ?? { number: 0, total: 0 };
    if (record.number !== 1) assert.equal(record.number, before.number + 1);
    const now = record.forward.packets + record.reverse.packets;
    const total = record.forward.packetsTotal + record.reverse.packetsTotal;
    if (record.number === 1) assert.equal(total, now);
    else assert.equal(total, before.total + now);
    if (record.endReason === ACTIVE) this.#flows.set(flow, { number: record.number, total });
    else this.#flows.delete(flow);
  }

  /** The books, and the model's figures beside them. */
  check(): void {
    const { rig, model } = this;
    const books = rig.books(waiting(rig));
    assert.deepEqual(checkBooks(books).filter(({ closed }) => !closed), []);
    const { table } = books;
    assert.deepEqual(table.in_slots, model.inSlots());
    assert.deepEqual(table.in_ring, model.inRing());
    assert.deepEqual(table.counted, model.verdicts.counted);
    assert.deepEqual(table.duplicate, model.verdicts.duplicate);
    assert.deepEqual(table.assumed_duplicate, zeroAmount());
  }

  /** What came out and what is held, tuple by tuple. */
  checkTuples(live: RecordView[]): void {
    const { model } = this;
    const all = new RecordModel();
    for (const record of live) all.add(record);
    for (const name of ["counted", "countedByPrefixes", "countedByProtocol"] as const) {
      // an aggregate says no more than its prefixes, one of last resort no more than its protocol
      if (name === "counted" && this.out.aggregates + all.aggregates > 0) continue;
      if (name === "countedByPrefixes" && this.out.lastResorts + all.lastResorts > 0) continue;
      const found = new Map(this.out[name]);
      for (const [key, amount] of all[name]) found.set(key, plus(found.get(key), amount));
      assert.deepEqual(new Map([...found].sort()), new Map([...model[name]].sort()), name);
    }
  }

  /** Everything is counted, swept, and ended. */
  finish(): void {
    const { rig } = this;
    this.#countAll();
    this.#take(Infinity);
    // the rest of a cycle that was begun, and a whole one
    for (const record of [...rig.sweep(), ...rig.sweep()]) this.#read(record);
    const live = rig.snapshot();
    this.checkTuples(pendingOnly(live));
    const silenceNs = BigInt(SILENCE_MOST_MS) * MS;
    for (const record of live) assert(rig.nowNs - record.lastSeenNs < silenceNs, "a silent flow was left");
    for (const record of rig.flush()) this.#read(record);
    this.checkTuples([]);
    this.check();
    rig.checkClosed();
  }
}

function plus(a: Amount | undefined, b: Amount): Amount {
  return a ? difference(b, difference(zeroAmount(), a)) : b;
}

function difference(a: Amount, b: Amount): Amount {
  return {
    frames: a.frames - b.frames,
    packets: a.packets - b.packets,
    bytes: a.bytes - b.bytes,
    wire_bytes: a.wire_bytes - b.wire_bytes,
  };
}

/** A look at a live aggregate says so; what is pending in it counts as in a record. */
function pendingOnly(live: RecordView[]): RecordView[] {
  return live.filter(({ forward, reverse }) => forward.packets + reverse.packets > 0);
}

/** What the records carry that nobody took yet. */
function waiting(rig: TableRig): Amount {
  const sum = new RecordSum();
  rig.lab.out.look((record) => sum.add(record));
  return sum.amount();
}

randomTest("the flow table keeps its books and loses nothing under random work", async (random) => {
  const deadline = performance.now() + RUN_MS;
  for (let runs = 0; runs < 3 || performance.now() < deadline; runs++) {
    const memory = {
      ringBytes: random.pick([4096, 65_536]),
      flowsMax: random.pick([1, 7, 100, 4096]),
      aggregatesMax: random.pick([1, 5, 1024]),
      outRecords: random.pick([16, 64, 1024]),
    };
    const rig = await openTableRig({ memory, table: TIMEOUTS, seed: random.u32() }, bridgedHost());
    const run = new Run(rig, random);
    for (let step = 0; step < STEPS; step++) run.step();
    run.finish();
  }
});

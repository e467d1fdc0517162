/**
 * What every exporter promises, as one suite: it answers for each record, holds up nobody whatever its receiver does,
 * and ends when its time is over.
 */
import assert from "node:assert/strict";
import { sum } from "../../src/books.ts";
import type { Exporter } from "../../src/export/exporter.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import { CLIENT } from "./meanings.ts";
import { until } from "./network_lab.ts";
import { fillRandomRecord, seededRandom } from "./random_records.ts";

/** What the receiver is like: takes everything, never answers, fails for good, or is slow at first. */
export type Condition = "takes" | "stuck" | "fails" | "late";

export interface SuiteBed extends AsyncDisposable {
  exporter: Exporter;
  /** Records that reached the receiver, as it counts them. */
  received(): number;
}

export interface Subject {
  name: string;
  /** Has room for QUEUE_RECORDS. */
  open(condition: Condition): Promise<SuiteBed> | SuiteBed;
  /** What can happen to it. */
  conditions: readonly Condition[];
}

export const QUEUE_RECORDS = 2_048;
/** How much longer than its deadline an end may take on a busy machine. */
const SLACK_MS = 3_000;

/** Gives records to an exporter and remembers what they carried. */
class Feeder {
  readonly fed = new RecordSum();
  readonly #bytes = new Uint8Array(RECORD_BYTES);
  readonly #record = new FlowRecord(this.#bytes.buffer);
  readonly #random = seededRandom(17);
  readonly #exporter: Exporter;

  constructor(exporter: Exporter) {
    this.#exporter = exporter;
  }

  feed(count: number): void {
    for (let i = 0; i < count; i++) {
      fillRandomRecord(this.#bytes, this.#random);
      this.fed.add(this.#record.moveTo(0));
      this.#exporter.accept(this.#record, CLIENT);
    }
  }

  /** Every record's packets and bytes are queued, exported or lost, at any moment. */
  assertBooksClose(): void {
    const { queued, exported, lost_export } = this.#exporter.terms();
    assert.deepEqual(sum(queued, exported, ...Object.values(lost_export)), this.fed.amount());
  }
}

function lostOf(exporter: Exporter): number {
  return Object.values(exporter.records().lost).reduce((sum, count) => sum + count, 0);
}

/** A promise, and what the receiver is like when it is kept. */
interface Promised {
  condition: Condition;
  what: string;
  work(bed: SuiteBed, feeder: Feeder): Promise<void>;
}

const PROMISES: readonly Promised[] = [
  {
    condition: "takes",
    what: "delivers every record once",
    async work({ exporter, received }, feeder) {
      feeder.feed(1_009);
      feeder.assertBooksClose();
      await exporter.close(10_000);
      assert.deepEqual(exporter.records(), { queued: 0, exported: 1_009, lost: {} });
      assert.equal(received(), 1_009);
      assert.deepEqual(exporter.terms().exported, feeder.fed.amount());
    },
  },
  {
    condition: "takes",
    what: "delivers without being told to close",
    async work({ exporter }, feeder) {
      feeder.feed(13);
      await until("13 records to be delivered", () => exporter.records().exported === 13);
    },
  },
  {
    condition: "stuck",
    what: "ends at its deadline and says what is lost",
    async work({ exporter }, feeder) {
      feeder.feed(1_009);
      const started = performance.now();
      await exporter.close(100);
      assert(performance.now() - started < 100 + SLACK_MS);
      assert.equal(exporter.records().queued, 0);
      assert.equal(exporter.records().exported + lostOf(exporter), 1_009);
      assert(lostOf(exporter) > 0);
    },
  },
  {
    condition: "stuck",
    what: "keeps every packet of more records than it has room for",
    async work({ exporter }, feeder) {
      feeder.feed(3 * QUEUE_RECORDS);
      assert.equal(exporter.isReady(), false);
      feeder.assertBooksClose();
      await exporter.close(0);
    },
  },
  {
    condition: "stuck",
    what: "takes what comes after its time was over, as lost",
    async work({ exporter }, feeder) {
      feeder.feed(17);
      exporter.giveUp();
      assert.equal(exporter.isReady(), true);
      await exporter.ready();
      feeder.feed(19);
      assert.equal(exporter.records().queued, 0);
      assert.equal(lostOf(exporter), 36);
      await exporter.close(0);
    },
  },
  {
    condition: "fails",
    what: "says that records are lost, and why",
    async work({ exporter }, feeder) {
      feeder.feed(503);
      await until("503 records to be lost", () => lostOf(exporter) === 503);
      feeder.feed(7);
      await exporter.close(5_000);
      assert.equal(exporter.records().exported, 0);
      assert.equal(lostOf(exporter), 510);
      assert(Object.keys(exporter.records().lost).every((reason) => /^\w+$/.test(reason)));
    },
  },
  {
    condition: "stuck",
    what: "takes records at once though nothing is answered, and says which wait",
    async work({ exporter }, feeder) {
      for (let i = 0; i < 7; i++) {
        feeder.feed(101);
        feeder.assertBooksClose();
      }
      assert.equal(exporter.records().queued, 707);
      await exporter.close(0);
    },
  },
  {
    condition: "late",
    what: "is ready again when its receiver is, and delivers everything",
    async work({ exporter, received }, feeder) {
      feeder.feed(QUEUE_RECORDS);
      assert.equal(exporter.isReady(), false);
      await exporter.ready();
      assert.equal(exporter.isReady(), true);
      feeder.feed(211);
      await exporter.close(20_000);
      assert.deepEqual(exporter.records(), { queued: 0, exported: QUEUE_RECORDS + 211, lost: {} });
      assert.equal(received(), QUEUE_RECORDS + 211);
    },
  },
];

export function exporterSuite({ name, open, conditions }: Subject): void {
  for (const { condition, what, work } of PROMISES) {
    if (!conditions.includes(condition)) continue;
    Deno.test({
      name: `exporter ${name} ${what}`,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        await using bed = await open(condition);
        const feeder = new Feeder(bed.exporter);
        await work(bed, feeder);
        feeder.assertBooksClose();
      },
    });
  }
}

import { deepEqual, equal } from "node:assert/strict";
import { type Amount, checkBooks, sum, zeroAmount } from "../../src/books.ts";
import type { Exporter } from "../../src/export/exporter.ts";
import { Outlets } from "../../src/export/outlets.ts";
import { RecordSum } from "../../src/record_sum.ts";
import { Tally } from "../../src/export/tally.ts";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import { CLIENT } from "../support/meanings.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

/** Holds everything until it is closed, and loses a part of it then. */
class HoldingExporter implements Exporter {
  readonly isOver = false;
  readonly held = new RecordSum();
  readonly #tally = new Tally();
  readonly #closing = Promise.withResolvers<void>();
  isClosed = false;

  constructor(readonly name: string) {}

  isReady(): boolean {
    return true;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  accept(record: FlowRecord): void {
    this.held.add(record);
  }

  terms() {
    return this.#tally.terms(this.isClosed ? zeroAmount() : this.held.amount());
  }

  records() {
    const { records } = this.#tally.exported;
    return { queued: this.isClosed ? 0 : this.held.records, exported: records, lost: this.#tally.lostRecords() };
  }

  /** Its receiver has it all, now. */
  finish(): void {
    this.#closing.resolve();
  }

  async close(): Promise<void> {
    await this.#closing.promise;
    if (this.isClosed) return;
    this.isClosed = true;
    this.#tally.exported.addSum(this.held);
  }

  giveUp(): void {
    this.isClosed = true;
    this.#tally.lost("deadline").addSum(this.held);
    this.#closing.resolve();
  }
}

/** Gives records, and knows what it gave. */
class Feeder {
  readonly given = new RecordSum();
  readonly #bytes = new Uint8Array(RECORD_BYTES);
  readonly #record = new FlowRecord(this.#bytes.buffer);
  readonly #random = seededRandom(23);

  feed(outlets: Outlets, count: number): void {
    for (let i = 0; i < count; i++) {
      fillRandomRecord(this.#bytes, this.#random);
      this.given.add(this.#record.moveTo(0));
      outlets.accept(this.#record, CLIENT);
    }
  }

  get amount(): Amount {
    return this.given.amount();
  }
}

/** The books' equations of exporters. */
function open(outlets: Outlets, handedOut: Amount, waiting = zeroAmount()): string[] {
  const zero = zeroAmount();
  const none = { seen: zero, accounted: zero, not_ip: zero, malformed: zero, filtered: zero, sampled_out: zero };
  const table = { in_slots: zero, in_ring: zero, held: zero, overflow_held: zero };
  const books = {
    kernel: { ...none, lost: { ring_full: zero, no_slot: zero } },
    table: {
      ...table,
      taken: zero,
      counted: zero,
      duplicate: zero,
      assumed_duplicate: zero,
      filtered_flow: zero,
      sampled_out_flow: zero,
      handed_out: handedOut,
    },
    hooks: {},
    exporters: outlets.terms(handedOut, waiting),
  };
  return checkBooks(books)
    .filter(({ name, closed }) => name.startsWith("handed_out") && !closed)
    .map(({ name, measure }) => `${name} ${measure}`);
}

Deno.test("Outlets closes the books of exporters that come, go and come again", async () => {
  const [json, first] = [new HoldingExporter("json"), new HoldingExporter("otlp")];
  const outlets = new Outlets([json, first]);
  const feeder = new Feeder();
  feeder.feed(outlets, 101);
  deepEqual(open(outlets, feeder.amount), []);

  // the receiver is another one now, under the same name; what the old one holds is on its way
  const second = new HoldingExporter("otlp");
  outlets.replace([json, second], feeder.amount, 1_000);
  deepEqual(outlets.active, [json, second]);
  feeder.feed(outlets, 53);
  deepEqual([json.held.records, first.held.records, second.held.records], [154, 101, 53]);
  deepEqual(open(outlets, feeder.amount), []);
  first.finish();
  await Promise.resolve();
  deepEqual(open(outlets, feeder.amount), []);
  equal(outlets.records().otlp!.queued + outlets.records().otlp!.exported, 154);

  // none for a while, then a third
  outlets.replace([json], feeder.amount, 1_000);
  second.finish();
  feeder.feed(outlets, 31);
  deepEqual(open(outlets, feeder.amount), []);
  const missed = outlets.terms(feeder.amount, zeroAmount()).otlp!.out_of_service!;
  equal(missed.packets > 0n, true);
  const third = new HoldingExporter("otlp");
  outlets.replace([third, json], feeder.amount, 1_000);
  feeder.feed(outlets, 7);
  json.finish();
  third.finish();
  await outlets.close(1_000);
  deepEqual(open(outlets, feeder.amount), []);
  const terms = outlets.terms(feeder.amount, zeroAmount()).otlp!;
  deepEqual(sum(terms.exported, missed), feeder.amount);
  deepEqual(outlets.records().otlp, { queued: 0, exported: 161, lost: {} });
});

Deno.test("Outlets counts what waits for those in service, and nobody else", () => {
  const [json, otlp] = [new HoldingExporter("json"), new HoldingExporter("otlp")];
  const outlets = new Outlets([json, otlp]);
  const feeder = new Feeder();
  feeder.feed(outlets, 11);
  outlets.replace([json], feeder.amount, 1_000);
  const waiting = { frames: 3n, packets: 5n, bytes: 700n, wire_bytes: 800n };
  deepEqual(open(outlets, sum(feeder.amount, waiting), waiting), []);
  deepEqual(open(outlets, feeder.amount, waiting).length, 4, "waiting is looked at");
});

Deno.test("Outlets gives up on those that are ending, too", () => {
  const [json, otlp] = [new HoldingExporter("json"), new HoldingExporter("otlp")];
  const outlets = new Outlets([json, otlp]);
  const feeder = new Feeder();
  feeder.feed(outlets, 11);
  outlets.replace([json], feeder.amount, 1_000);
  outlets.giveUp();
  deepEqual(outlets.records().otlp!.lost, { deadline: 11 });
  deepEqual(open(outlets, feeder.amount), []);
});

Deno.test("Outlets.close() waits for those that are ending no longer than it may, whatever they were given", async () => {
  const [json, otlp] = [new HoldingExporter("json"), new HoldingExporter("otlp")];
  const outlets = new Outlets([json, otlp]);
  const feeder = new Feeder();
  feeder.feed(outlets, 11);
  outlets.replace([json], feeder.amount, 3_600_000);
  await outlets.close(20);
  deepEqual(outlets.records().otlp!.lost, { deadline: 11 });
  deepEqual(open(outlets, feeder.amount), []);
});

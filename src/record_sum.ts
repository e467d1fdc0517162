/** What records carry, added up: terms of the books. Only what counts counts: a view of duplicates does not. */
import { type Amount, zeroAmount } from "./books.ts";
import { Fact, type FlowRecord, type Side } from "./flow_record.ts";

const SIDES: ReadonlyArray<[Side, number]> = [[0, Fact.COUNTED_FORWARD], [1, Fact.COUNTED_REVERSE]];
/** Below this, sums of numbers are exact. */
const EXACT_MAX = 2 ** 52;

/** A sum over records: numbers while they are exact, folded into bigints before they are not. */
export class RecordSum {
  readonly #folded = zeroAmount();
  #frames = 0;
  #packets = 0;
  #bytes = 0;
  #wireBytes = 0;
  records = 0;

  add(record: FlowRecord): void {
    for (const [side, counted] of SIDES) {
      if (!record.has(counted)) continue;
      this.#frames += record.framesDelta(side);
      this.#packets += record.packetsDelta(side);
      this.#bytes += record.bytesDelta(side);
      this.#wireBytes += record.wireBytesDelta(side);
    }
    this.records++;
    if (this.#bytes > EXACT_MAX || this.#wireBytes > EXACT_MAX) this.#fold();
  }

  /** Adds another sum's records. */
  addSum(other: RecordSum): void {
    const amount = other.amount();
    this.#folded.frames += amount.frames;
    this.#folded.packets += amount.packets;
    this.#folded.bytes += amount.bytes;
    this.#folded.wire_bytes += amount.wire_bytes;
    this.records += other.records;
  }

  amount(): Amount {
    this.#fold();
    return { ...this.#folded };
  }

  #fold(): void {
    this.#folded.frames += BigInt(this.#frames);
    this.#folded.packets += BigInt(this.#packets);
    this.#folded.bytes += BigInt(this.#bytes);
    this.#folded.wire_bytes += BigInt(this.#wireBytes);
    this.#frames =
      this.#packets =
      this.#bytes =
      this.#wireBytes =
        0;
  }
}

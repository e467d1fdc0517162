/**
 * What the table should know, kept in plain Maps: of each slot's packets which were counted, and of each tuple what
 * should come out in records, whatever becomes of its entries meanwhile.
 */
import { type Amount, sum, zeroAmount } from "../../src/books.ts";
import { RECORD_AGGREGATE } from "../../src/flow_record.ts";
import { Fact } from "../../src/flow_record.ts";
import type { Verdict } from "./counting_oracle.ts";
import type { RecordView, SideView } from "./record_view.ts";

/** Packets of one tuple in one direction. */
export interface Chunk {
  tuple: string;
  /** What the tuple's aggregate would be called. */
  prefixes: string;
  protocol: string;
  amount: Amount;
}

type Judge = (chunk: Chunk) => Verdict;

export class TableModel {
  readonly #slots = new Map<number, Chunk[]>();
  readonly #ring: Array<{ slot: number; chunks: Chunk[] }> = [];
  readonly counted = new Map<string, Amount>();
  readonly countedByPrefixes = new Map<string, Amount>();
  readonly countedByProtocol = new Map<string, Amount>();
  readonly verdicts: Record<Verdict, Amount> = { counted: zeroAmount(), duplicate: zeroAmount() };
  readonly #judges = new Map<Chunk, Judge>();

  /** Packets that the kernel counted in a slot; judge says what they are once the table reads them. */
  see(slot: number, chunk: Chunk, judge: Judge): void {
    const chunks = this.#slots.get(slot) ?? [];
    chunks.push(chunk);
    this.#slots.set(slot, chunks);
    this.#judges.set(chunk, judge);
  }

  evict(slot: number): void {
    this.#ring.push({ slot, chunks: this.#slots.get(slot) ?? [] });
    this.#slots.delete(slot);
  }

  drain(records: number): void {
    for (const { chunks } of this.#ring.splice(0, records)) this.#count(chunks);
  }

  /** Slots of which nothing waits in the ring. */
  scan(): void {
    const waiting = new Set(this.#ring.map(({ slot }) => slot));
    for (const [slot, chunks] of this.#slots) {
      if (waiting.has(slot)) continue;
      this.#count(chunks);
      this.#slots.delete(slot);
    }
  }

  inSlots(): Amount {
    return sum(...this.#slots.values().flatMap((chunks) => chunks).map(({ amount }) => amount));
  }

  inRing(): Amount {
    return sum(...this.#ring.flatMap(({ chunks }) => chunks).map(({ amount }) => amount));
  }

  #count(chunks: Chunk[]): void {
    for (const chunk of chunks) {
      const verdict = this.#judges.get(chunk)!(chunk);
      this.#judges.delete(chunk);
      this.verdicts[verdict] = sum(this.verdicts[verdict], chunk.amount);
      if (verdict !== "counted") continue;
      add(this.counted, chunk.tuple, chunk.amount);
      add(this.countedByPrefixes, chunk.prefixes, chunk.amount);
      add(this.countedByProtocol, chunk.protocol, chunk.amount);
    }
  }
}

function add(to: Map<string, Amount>, key: string, amount: Amount): void {
  to.set(key, sum(to.get(key) ?? zeroAmount(), amount));
}

/** The same sums from what came out, and from what is held still. */
export class RecordModel {
  readonly counted = new Map<string, Amount>();
  readonly countedByPrefixes = new Map<string, Amount>();
  readonly countedByProtocol = new Map<string, Amount>();
  aggregates = 0;
  lastResorts = 0;

  add(record: RecordView): void {
    const isAggregate = record.what === RECORD_AGGREGATE;
    if (isAggregate) this.aggregates++;
    if (isAggregate && record.prefixBits === 0) this.lastResorts++;
    const { source, destination, sourcePort, destinationPort, protocol } = record;
    const ports = protocol === 6 || protocol === 17 ? [sourcePort, destinationPort] as const : [0, 0] as const;
    const sides: Array<[SideView, number, string]> = [
      [record.forward, Fact.COUNTED_FORWARD, tupleName(protocol, source, ports[0], destination, ports[1])],
      [record.reverse, Fact.COUNTED_REVERSE, tupleName(protocol, destination, ports[1], source, ports[0])],
    ];
    for (const [side, fact, tuple] of sides) {
      if (!record.has(fact)) continue;
      const amount = {
        frames: BigInt(side.frames),
        packets: BigInt(side.packets),
        bytes: BigInt(side.bytes),
        wire_bytes: BigInt(side.wireBytes),
      };
      if (amount.frames === 0n) continue;
      if (!isAggregate) add(this.counted, tuple, amount);
      add(this.countedByPrefixes, prefixesName(protocol, source, destination), amount);
      add(this.countedByProtocol, protocolName(protocol, source), amount);
    }
  }
}

export function tupleName(protocol: number, source: string, from: number, destination: string, to: number): string {
  return `${protocol} ${source} ${from} > ${destination} ${to}`;
}

/** Both directions of an aggregate by prefix: /16 of IPv4, /32 of IPv6. */
export function prefixesName(protocol: number, source: string, destination: string): string {
  return `${protocol} ${[source, destination].map(prefixOf).sort().join(" ")}`;
}

export function protocolName(protocol: number, address: string): string {
  return `${protocol} ${address.includes(":") ? 6 : 4}`;
}

function prefixOf(address: string): string {
  return address.includes(":") ? address.split(":").slice(0, 2).join(":") : address.split(".").slice(0, 2).join(".");
}

/** The flow table, typed: what the collector's thread calls. */
import { assert } from "../errors.ts";
import { CPU_AREA_BYTES, MARKS_AT, type MemoryPlan } from "../memory_plan.ts";
import { type Sampling, SAMPLING_MULTIPLIERS } from "../sampling.ts";
import { instantiateTable, type TableExports, type TableHost } from "./instance.ts";
import * as at from "./table_layout.ts";

/** How the table treats flows. Times in ms unless named otherwise. */
export interface TableOptions {
  genericTimeoutMs: number;
  icmpTimeoutMs: number;
  tcpTimeoutMs: number;
  tcpFinTimeoutMs: number;
  tcpRstTimeoutMs: number;
  udpTimeoutMs: number;
  maxRecordIntervalMs: number;
  traceIdTimeoutS: number;
  communityIdSeed: number;
  /** What trace ids are made from, beside the flow: nodes of one cluster give the same. */
  traceDomain: string;
  /** This node's name, part of span ids. */
  node: string;
  /** By which hash flows are sampled. Default: none. */
  sampling?: Sampling | undefined;
}

/** What sweep() and flush() answer. */
export const SWEEP_MORE = 0;
export const SWEEP_DONE = 1;
export const SWEEP_OUT_FULL = 2;

export const REASON_FORCED = 4;

/** A broken invariant inside the table, by name. */
export class TableBroken extends Error {
  override readonly name = "TableBroken";
}

export class Table {
  readonly #exports: TableExports;
  readonly #view: DataView;
  readonly #words: Int32Array;

  private constructor(exports: TableExports, memory: WebAssembly.Memory) {
    this.#exports = exports;
    this.#view = new DataView(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
  }

  /** Writes the settings and readies the table. Asynchronous only for hashing the names. */
  static async create(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    plan: MemoryPlan,
    options: TableOptions,
    host: TableHost,
  ): Promise<Table> {
    const table = new Table(instantiateTable(module, memory, host), memory);
    await table.#writeSettings(plan, options);
    table.#exports.configure();
    return table;
  }

  async #writeSettings(plan: MemoryPlan, options: TableOptions): Promise<void> {
    const words: Record<(typeof at.SETTINGS_WORDS)[number], number> = {
      ...plan,
      ...options,
      marks: plan.cpus + MARKS_AT,
      markStride: CPU_AREA_BYTES,
      ringConsumer: plan.ring,
      ringProducer: plan.ring + plan.pageBytes,
      ringData: plan.ring + 2 * plan.pageBytes,
    };
    at.SETTINGS_WORDS.forEach((name, i) => this.#view.setUint32(at.SETTINGS + i * 4, words[name], true));
    const random = crypto.getRandomValues(new BigUint64Array(3));
    const longs = [
      ...[...random].map((value) => value | 1n), // odd: a bijection of 64 bits
      ...await digestWords(options.traceDomain),
      ...await digestWords(options.node),
      ...options.sampling?.multipliers ?? Array<bigint>(SAMPLING_MULTIPLIERS).fill(0n),
    ];
    assert(longs.length === at.SETTINGS_LONGS.length, "every long setting has a value");
    longs.forEach((value, i) => this.#view.setBigUint64(at.SETTINGS_LONGS_AT + i * 8, value, true));
  }

  /** Sets the clocks that everything until the next call goes by, and begins a round. All in ns. */
  beginRound(nowNs: bigint, wallOffsetNs: bigint, anchor: number): void {
    this.#view.setBigUint64(at.NOW_NS, nowNs, true);
    this.#view.setBigUint64(at.WALL_OFFSET_NS, wallOffsetNs, true);
    this.#view.setUint32(at.ANCHOR, anchor, true);
    this.#exports.beginRound();
  }

  /** Takes the device table at this place for the verdicts from now on. */
  useDevices(address: number): void {
    this.#view.setUint32(at.DEVICES, address, true);
  }

  drain(most: number): number {
    return this.#guard(() => this.#exports.drain(most));
  }

  scan(all: boolean): number {
    return this.#guard(() => this.#exports.scan(all ? 1 : 0));
  }

  sweep(entriesMost: number, recordsMost: number): number {
    return this.#guard(() => this.#exports.sweep(entriesMost, recordsMost));
  }

  /** Ends flows, forced; call rewind() first. */
  flush(recordsMost: number): number {
    return this.#guard(() => this.#exports.flush(REASON_FORCED, recordsMost));
  }

  rewind(): void {
    this.#exports.rewind();
  }

  audit(): void {
    this.#guard(() => this.#exports.audit());
  }

  /** A page of live flows into the snapshot region, from entry `from` on. next is 0 on the last page. */
  snapshot(from: number, most: number): { written: number; next: number } {
    const written = this.#guard(() => this.#exports.snapshot(from, most));
    return { written, next: this.#exports.snapshotNext() >>> 0 };
  }

  /** Records handed out since the start, modulo 2^32. */
  produced(): number {
    return Atomics.load(this.#words, at.OUT_PRODUCED >> 2) >>> 0;
  }

  /** A trap inside the table becomes an error that says which invariant broke. */
  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (cause) {
      const invariant = Atomics.load(this.#words, at.BROKEN >> 2);
      if (!invariant) throw cause;
      throw new TableBroken(`The flow table broke: ${at.INVARIANTS[invariant] ?? `invariant ${invariant}`}`, { cause });
    }
  }
}

/** The first 16 bytes of a name's SHA-1, as two words. */
async function digestWords(name: string): Promise<[bigint, bigint]> {
  const digest = new DataView(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(name)));
  return [digest.getBigUint64(0, true), digest.getBigUint64(8, true)];
}

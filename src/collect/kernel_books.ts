/** The kernel program's books, read live from the mapped CPU areas: bpf/books.h in TypeScript. */
import { type Amount, type KernelTerms, zeroAmount } from "../books.ts";
import { type Hook, HOOKS } from "../flow.ts";
import { CPU_AREA_BYTES, type MemoryPlan, ringParts } from "../memory_plan.ts";

export const BOOKS_BYTES = 512;
const MEASURES_BYTES = 32;
export const MALFORMED_AT = 8 * MEASURES_BYTES;
export const EVENTS_AT = MALFORMED_AT + 16 * 8;

/** enum term */
export const TERMS = [
  "seen",
  "accounted",
  "not_ip",
  "malformed",
  "filtered",
  "sampled_out",
  "lost_ring_full",
  "lost_no_slot",
] as const;

/** enum malformed; 0 is no malformation. */
export const MALFORMED = [
  "",
  "link_truncated",
  "ipv4_truncated",
  "ipv4_header_length",
  "ipv4_total_length",
  "ipv6_truncated",
  "ipv6_payload_length",
  "ipv6_extension_truncated",
  "ip_version",
  "transport_truncated",
  "tcp_header_length",
] as const;

/** enum event */
export const EVENTS = [
  "claim_empty",
  "claim_evict",
  "claim_syn",
  "claim_idle",
  "claim_refused",
  "non_linear",
  "generation_odd",
  "stray_unlisted",
] as const;

/** Detail of the kernel's terms, all CPUs and hooks together. */
export interface KernelDetail {
  malformed: Record<string, bigint>;
  events: Record<(typeof EVENTS)[number], bigint>;
}

export class KernelBooks {
  readonly #view: DataView;
  readonly #plan: MemoryPlan;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#view = new DataView(memory.buffer);
    this.#plan = plan;
  }

  /** The terms of one hook, or of both. */
  terms(hook?: Hook): KernelTerms {
    const term = (name: (typeof TERMS)[number]) => this.#amount(TERMS.indexOf(name), hook);
    return {
      seen: term("seen"),
      accounted: term("accounted"),
      not_ip: term("not_ip"),
      malformed: term("malformed"),
      filtered: term("filtered"),
      sampled_out: term("sampled_out"),
      lost: { ring_full: term("lost_ring_full"), no_slot: term("lost_no_slot") },
    };
  }

  /** Bytes in the ring that are not counted yet. */
  ringWaitingBytes(): number {
    const { consumer, producer } = ringParts(this.#plan);
    // what is taken meanwhile may be more than was there
    return Math.max(0, Number(this.#u64(producer) - this.#u64(consumer)));
  }

  detail(): KernelDetail {
    const malformed = MALFORMED.flatMap((name, i) => name ? [[name, this.#total(MALFORMED_AT + i * 8)] as const] : []);
    const events = EVENTS.map((name, i) => [name, this.#total(EVENTS_AT + i * 8)] as const);
    return {
      malformed: Object.fromEntries(malformed),
      events: Object.fromEntries(events) as KernelDetail["events"],
    };
  }

  #amount(term: number, only?: Hook): Amount {
    const amount = zeroAmount();
    for (const at of this.#areas(only)) {
      const base = at + term * MEASURES_BYTES;
      amount.frames += this.#u64(base);
      amount.packets += this.#u64(base + 8);
      amount.bytes += this.#u64(base + 16);
      amount.wire_bytes += this.#u64(base + 24);
    }
    return amount;
  }

  #total(offset: number): bigint {
    return this.#areas().reduce((total, at) => total + this.#u64(at + offset), 0n);
  }

  #areas(only?: Hook): number[] {
    const cpus = Array.from({ length: this.#plan.cpuCount }, (_, cpu) => this.#plan.cpus + cpu * CPU_AREA_BYTES);
    const hooks = HOOKS.flatMap((hook, i) => only === undefined || only === hook ? [i] : []);
    return cpus.flatMap((at) => hooks.map((hook) => at + hook * BOOKS_BYTES));
  }

  #u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
}

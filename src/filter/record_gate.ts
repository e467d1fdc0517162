/**
 * Between the table and the exporters: which records are handed out. The filter and, where failures are to be kept,
 * sampling judge a flow by what it is like at that moment; what they keep back is booked here, and what passes, too.
 */
import { type Amount, sum } from "../books.ts";
import { RecordSum } from "../record_sum.ts";
import type { FilterSettings } from "../filter_keys.ts";
import type { Meaning } from "../flow.ts";
import { hasFailed } from "./flow_failure.ts";
import { Fact, type FlowRecord } from "../flow_record.ts";
import { type NameFilter, nameFilter } from "./name_filter.ts";
import { type InterfaceOf, type RecordFilter, recordFilter } from "./record_filter.ts";
import type { Sampling } from "../sampling.ts";

/** The gate's part of the books. */
export interface GateTerms {
  filtered_flow: Amount;
  sampled_out_flow: Amount;
  handed_out: Amount;
}

/** Records by what became of them. */
export interface RecordCounts {
  passed: number;
  filtered: number;
  sampledOut: number;
}

export interface GateOptions {
  /** Default: every flow passes. */
  filter?: FilterSettings | undefined;
  /** Default: every flow is kept. */
  sampling?: Sampling | undefined;
  interfaceOf: InterfaceOf;
}

export class RecordGate {
  readonly #interfaceOf: InterfaceOf;
  readonly #threshold: number | undefined;
  readonly #filtered = new RecordSum();
  readonly #sampledOut = new RecordSum();
  readonly #passed = new RecordSum();
  #recordPasses: RecordFilter | undefined;
  #namesPass: NameFilter | undefined;

  constructor({ filter, sampling, interfaceOf }: GateOptions) {
    this.#interfaceOf = interfaceOf;
    // without failures to keep, the kernel program has left out what is to be left out
    this.#threshold = sampling?.keepFailures ? Number(sampling.threshold) : undefined;
    if (filter) this.useFilter(filter);
  }

  /** Another filter, from the next record on. */
  useFilter(filter: FilterSettings): void {
    this.#recordPasses = recordFilter(filter, this.#interfaceOf);
    this.#namesPass = nameFilter(filter);
  }

  /**
   * What a record means, if it is to be handed out; it is booked either way. It is in the out ring still: sampling may
   * leave a note on it.
   */
  admit(record: FlowRecord, meaningOf: (record: FlowRecord) => Meaning): Meaning | undefined {
    if (this.#recordPasses && !this.#recordPasses(record)) return this.#keepBack(this.#filtered, record);
    if (this.#threshold !== undefined && !this.#isKept(record, this.#threshold)) {
      return this.#keepBack(this.#sampledOut, record);
    }
    const meaning = meaningOf(record);
    if (this.#namesPass && !this.#namesPass(meaning)) return this.#keepBack(this.#filtered, record);
    this.#passed.add(record);
    return meaning;
  }

  #keepBack(sum: RecordSum, record: FlowRecord): undefined {
    sum.add(record);
  }

  #isKept(record: FlowRecord, threshold: number): boolean {
    // an aggregate holds flows of every hash
    if (!record.isAggregate && !hasFailed(record)) return record.samplingHash < threshold;
    record.note(Fact.KEPT_ANYWAY);
    return true;
  }

  /** waiting: what is in the out ring, not judged yet. */
  terms(waiting: Amount): GateTerms {
    return {
      filtered_flow: this.#filtered.amount(),
      sampled_out_flow: this.#sampledOut.amount(),
      handed_out: sum(this.#passed.amount(), waiting),
    };
  }

  records(): RecordCounts {
    return {
      passed: this.#passed.records,
      filtered: this.#filtered.records,
      sampledOut: this.#sampledOut.records,
    };
  }
}

/** What flows mean as far as the host alone tells it. */
import type { Meaning, SpanKind } from "../flow.ts";
import type { FlowRecord } from "../flow_record.ts";
import { type OwnAddress, spanKind } from "./kind.ts";

/** Says what a record means. The answer is valid until the next one. */
export type MeaningOf = (record: FlowRecord) => Meaning;

/** One object for all answers: the hot path allocates nothing. */
class HostMeaning implements Meaning {
  kind: SpanKind = "INTERNAL";
  readonly source = undefined;
  readonly destination = undefined;
  readonly flow = undefined;
}

export function hostMeaning(isOwn: OwnAddress): MeaningOf {
  const meaning = new HostMeaning();
  return (record) => {
    meaning.kind = spanKind(record, isOwn);
    return meaning;
  };
}

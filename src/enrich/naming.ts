/** What says how flows are called: names, and whether better ones may come if a record waits a little. */
import type { FlowNames } from "../attribute_sets.ts";
import type { Meaning, SpanKind } from "../flow.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { MeaningOf } from "./host_meaning.ts";

export interface Naming {
  /** Valid until the next call. */
  namesOf(record: FlowRecord): FlowNames;
  /** Whether waiting cannot give a better name. */
  isSettled(record: FlowRecord): boolean;
}

/** One object for all answers: the hot path allocates nothing. */
class NamedMeaning implements Meaning {
  kind: SpanKind = "INTERNAL";
  source: FlowNames["source"] = undefined;
  destination: FlowNames["destination"] = undefined;
  flow: FlowNames["flow"] = undefined;
}

/** What the host tells, with names. */
export function namedMeaning(ofHost: MeaningOf, { namesOf }: { namesOf(record: FlowRecord): FlowNames }): MeaningOf {
  const meaning = new NamedMeaning();
  return (record) => {
    meaning.kind = ofHost(record).kind;
    const { source, destination, flow } = namesOf(record);
    meaning.source = source;
    meaning.destination = destination;
    meaning.flow = flow;
    return meaning;
  };
}

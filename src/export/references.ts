/** What records refer to by number, and the context that a queued record's span has. */
import type { AttributeSet } from "../attribute_sets.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { SpanContext, SpanInterface } from "./attributes.ts";

export interface References {
  /** The interface behind an id; undefined for one never told. */
  interfaceOf(id: number): SpanInterface | undefined;
  /** The attributes behind a number; undefined for NO_SET. */
  setOf(id: number): AttributeSet | undefined;
  /** The part of flows that sampling keeps. Default: all. */
  samplingRate?: number | undefined;
}

/** What a queued record means. */
export function queuedContext(record: FlowRecord, { interfaceOf, setOf, samplingRate }: References): SpanContext {
  return {
    kind: record.queuedKind,
    source: setOf(record.queuedSet("source")),
    destination: setOf(record.queuedSet("destination")),
    flow: setOf(record.queuedSet("flow")),
    interfaceOf,
    samplingRate,
  };
}

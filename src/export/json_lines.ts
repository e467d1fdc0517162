/** A span as one line of JSON. */
import type { FlowRecord } from "../flow_record.ts";
import type { SpanContext } from "./attributes.ts";
import { flowSpan } from "./span.ts";

/** contextOf: what the record refers to. */
export function jsonLine(contextOf: (record: FlowRecord) => SpanContext): (record: FlowRecord) => string {
  return (record) => `${JSON.stringify(flowSpan(record, contextOf(record)))}\n`;
}

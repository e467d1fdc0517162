/** A span as one line of JSON. */
import type { FlowRecord } from "../flow_record.ts";
import { queuedContext, type References } from "./references.ts";
import { flowSpan } from "./span.ts";

/** Of a queued record. */
export function jsonLine(references: References): (record: FlowRecord) => string {
  return (record) => `${JSON.stringify(flowSpan(record, queuedContext(record, references)))}\n`;
}

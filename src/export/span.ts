/** A record as the span that stands for it. */
import type { AttributeSet } from "../attribute_sets.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { SpanKind } from "../flow.ts";
import type { AttributeValue } from "../attribute_sets.ts";
import { ATTRIBUTES, type SpanContext } from "./attributes.ts";
import { protocolName } from "../names.ts";

/** A span in plain values; field names are those of OTLP's JSON. */
export interface FlowSpan {
  name: string;
  kind: SpanKind;
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** ns since 1970, in digits: past what a JSON number holds. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, AttributeValue>;
}

/** flow_<network.type>_<network.transport> */
export function spanName(record: FlowRecord): string {
  return `flow_ipv${record.ipVersion}_${protocolName(record.protocol)}`;
}

export function flowSpan(record: FlowRecord, context: SpanContext): FlowSpan {
  const attributes: Record<string, AttributeValue> = {};
  for (const { name, value } of ATTRIBUTES) {
    const known = value(record, context);
    if (known !== undefined) attributes[name] = known;
  }
  addSet(attributes, "source.", context.source);
  addSet(attributes, "destination.", context.destination);
  addSet(attributes, "", context.flow);
  return {
    name: spanName(record),
    kind: context.kind,
    traceId: record.traceId.toHex(),
    spanId: record.spanId.toHex(),
    startTimeUnixNano: record.startUnixNs.toString(),
    endTimeUnixNano: record.endUnixNs.toString(),
    attributes,
  };
}

function addSet(to: Record<string, AttributeValue>, prefix: string, set: AttributeSet | undefined): void {
  for (const name in set?.attributes) to[prefix + name] = set.attributes[name]!;
}

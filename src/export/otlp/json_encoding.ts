/**
 * OTLP in JSON (OTLP 1.9, "JSON Protobuf Encoding"): ids in hexadecimal digits, 64-bit numbers as texts, enumerations as
 * numbers.
 */
import type { AttributeValue } from "../../attribute_sets.ts";
import { OTLP_REQUEST_BYTES_MAX } from "../../limits.ts";
import type { RecordBatch } from "../record_queue.ts";
import { queuedContext, type References } from "../references.ts";
import { type FlowSpan, flowSpan } from "../span.ts";
import type { Encoding } from "./http_sender.ts";
import type { Scope } from "./request_head.ts";
import type { Resource } from "./resource.ts";
import { readJsonTraceResponse } from "./response.ts";
import { type IsWanted, OTLP_KIND } from "./span_pieces.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** resource: asked once, for the first request. */
export function jsonEncoding(
  resource: () => Resource,
  scope: Scope,
  references: References,
  isWanted: IsWanted,
): Encoding {
  let head: string | undefined;
  const makeHead = () =>
    `{"resourceSpans":[{"resource":${JSON.stringify({ attributes: keyValues(resource()) })},` +
    `"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[`;
  return {
    contentType: "application/json",
    encode(batch: RecordBatch) {
      head ??= makeHead();
      const spans = Array.from({ length: batch.count }, (_, i) => {
        const record = batch.record(i);
        return JSON.stringify(jsonSpan(flowSpan(record, queuedContext(record, references)), isWanted));
      });
      const body = encoder.encode(`${head}${spans.join(",")}]}]}]}`);
      return body.length > OTLP_REQUEST_BYTES_MAX ? undefined : body;
    },
    readResponse: (body) => readJsonTraceResponse(decoder.decode(body)),
    readError: (body) => decoder.decode(body),
  };
}

function jsonSpan({ kind, attributes, ...span }: FlowSpan, isWanted: IsWanted): Record<string, unknown> {
  const wanted = keyValues(attributes).filter(({ key }) => isWanted(key));
  return { ...span, kind: OTLP_KIND[kind], attributes: wanted };
}

function keyValues(attributes: Record<string, AttributeValue>): Array<{ key: string; value: unknown }> {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): Record<string, unknown> {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { arrayValue: { values: value.map(anyValue) } };
}

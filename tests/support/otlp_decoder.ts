/** OTLP's messages by OpenTelemetry's own protocol definitions, as plain values. */
// deno-lint-ignore-file no-explicit-any
import generated from "@opentelemetry/otlp-transformer-generated";
import type { AttributeValue } from "../../src/attribute_sets.ts";
import type { FlowSpan } from "../../src/export/span.ts";

const { ExportTraceServiceRequest } = (generated as any).opentelemetry.proto.collector.trace.v1;

const KINDS: Record<string, FlowSpan["kind"]> = {
  SPAN_KIND_INTERNAL: "INTERNAL",
  SPAN_KIND_SERVER: "SERVER",
  SPAN_KIND_CLIENT: "CLIENT",
};
const OPTIONS = { longs: String, enums: String, bytes: Array, defaults: false };

export interface DecodedRequest {
  resource: Record<string, AttributeValue>;
  scope: { name: string; version: string };
  spans: FlowSpan[];
}

/** A request without anything in it, as doctor sends. */
const EMPTY: DecodedRequest = { resource: {}, scope: { name: "", version: "" }, spans: [] };

/** Throws for bytes that are no ExportTraceServiceRequest with one resource and one scope, or with nothing. */
export function decodeRequest(bytes: Uint8Array): DecodedRequest {
  return requestOf(ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(bytes), OPTIONS));
}

/** The same of JSON, where the definitions see to it that every name and type is known. */
export function decodeJsonRequest(text: string): DecodedRequest {
  const request = JSON.parse(text);
  for (const span of request.resourceSpans[0]?.scopeSpans[0].spans ?? []) {
    // OTLP writes ids in hexadecimal digits where protocol buffers' own JSON has base64
    for (const id of ["traceId", "spanId"]) span[id] = Uint8Array.fromHex(span[id]).toBase64();
  }
  return requestOf(ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.fromObject(request), OPTIONS));
}

function requestOf(request: any): DecodedRequest {
  if (!request.resourceSpans?.length) return EMPTY;
  const [resourceSpans, ...others] = request.resourceSpans;
  const [scopeSpans, ...otherScopes] = resourceSpans.scopeSpans;
  if (others.length || otherScopes.length) throw new Error("more than one resource or scope");
  return {
    resource: attributesOf(resourceSpans.resource.attributes),
    scope: scopeSpans.scope,
    spans: scopeSpans.spans.map(spanOf),
  };
}

function spanOf(span: any): FlowSpan {
  return {
    name: span.name,
    kind: KINDS[span.kind]!,
    traceId: Uint8Array.from(span.traceId).toHex(),
    spanId: Uint8Array.from(span.spanId).toHex(),
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: attributesOf(span.attributes),
  };
}

function attributesOf(list: any[]): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const { key, value } of list) {
    if (key in attributes) throw new Error(`attribute ${key} is there twice`);
    attributes[key] = valueOf(value);
  }
  return attributes;
}

function valueOf(value: any): AttributeValue {
  if ("stringValue" in value) return value.stringValue;
  if ("boolValue" in value) return value.boolValue;
  if ("intValue" in value) return Number(value.intValue);
  if ("doubleValue" in value) return value.doubleValue;
  return (value.arrayValue.values ?? []).map(valueOf);
}

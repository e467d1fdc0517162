/**
 * Protocol buffers in OTLP's shapes, for what is written seldom: keys, names, the resource. Spans themselves are
 * written in WebAssembly.
 */
import { assert } from "../../errors.ts";
import type { AttributeValue } from "../../attribute_sets.ts";

const encoder = new TextEncoder();
/** A length of one byte ends here. */
const ONE_BYTE_MAX = 0x7f;

const LENGTH_DELIMITED = 2;

export function varint(value: number): number[] {
  const bytes: number[] = [];
  while (value > ONE_BYTE_MAX) {
    bytes.push((value % 128) | 0x80);
    value = Math.floor(value / 128);
  }
  return [...bytes, value];
}

/** A field with bytes or a message in it. */
export function field(number: number, content: ArrayLike<number>): number[] {
  return [...varint(number << 3 | LENGTH_DELIMITED), ...varint(content.length), ...Array.from(content)];
}

export function text(number: number, value: string): number[] {
  return field(number, encoder.encode(value));
}

/** AnyValue (opentelemetry/proto/common/v1/common.proto). */
export function anyValue(value: AttributeValue): number[] {
  if (typeof value === "string") return text(1, value);
  if (typeof value === "boolean") return [2 << 3, value ? 1 : 0];
  if (typeof value === "number") return Number.isInteger(value) ? [3 << 3, ...varint(value)] : double(value);
  return field(5, value.flatMap((element) => field(1, anyValue(element))));
}

const FIXED_64 = 1;

function double(value: number): number[] {
  return [4 << 3 | FIXED_64, ...new Uint8Array(new Float64Array([value]).buffer)];
}

/** KeyValue. */
export function keyValue(key: string, value: AttributeValue): number[] {
  return [...text(1, key), ...field(2, anyValue(value))];
}

const SPAN_ATTRIBUTES = 9;

/** An attribute of a span, whole. */
export function attribute(key: string, value: AttributeValue): number[] {
  return field(SPAN_ATTRIBUTES, keyValue(key, value));
}

/** An attribute of a span up to its number, with lengths of one byte to fill in. */
export function intKey(key: string): number[] {
  return openKey(key, [3 << 3], 10);
}

/** Up to its text. textMax: bytes that the text may have. */
export function textKey(key: string, textMax: number): number[] {
  return openKey(key, [1 << 3 | LENGTH_DELIMITED, 0], textMax);
}

/** Up to the elements of its array, with lengths of two bytes to fill in. */
export function arrayKey(key: string): number[] {
  return [
    SPAN_ATTRIBUTES << 3 | LENGTH_DELIMITED,
    ...[0, 0],
    ...text(1, key),
    2 << 3 | LENGTH_DELIMITED,
    ...[0, 0],
    5 << 3 | LENGTH_DELIMITED,
    ...[0, 0],
  ];
}

/** An attribute of a block: its value is written to a place that is known before. */
export interface BlockPart {
  bytes: number[];
  /** Of the value, from the part's beginning on. */
  valueAt: number;
}

/** Ints whose varints have `width` bytes, whatever their value. */
export function intBlock(keys: readonly string[], width: number): BlockPart[] {
  return keys.map((key) => {
    const value = [3 << 3, ...Array<number>(width).fill(0)];
    const bytes = field(SPAN_ATTRIBUTES, [...text(1, key), ...field(2, value)]);
    return { bytes, valueAt: bytes.length - width };
  });
}

/** A text that begins so and goes on with so many bytes. */
export function textPart(key: string, begin: string, length: number): BlockPart {
  const bytes = attribute(key, begin + " ".repeat(length));
  return { bytes, valueAt: bytes.length - length };
}

/** Where the values of parts lie that stand one behind the other. */
export function placesOf(parts: readonly BlockPart[]): number[] {
  let from = 0;
  return parts.map(({ bytes, valueAt }) => {
    const place = from + valueAt;
    from += bytes.length;
    return place;
  });
}

function openKey(key: string, valueHead: number[], valueMax: number): number[] {
  const bytes = [
    SPAN_ATTRIBUTES << 3 | LENGTH_DELIMITED,
    0,
    ...text(1, key),
    2 << 3 | LENGTH_DELIMITED,
    0,
    ...valueHead,
  ];
  assert(bytes.length - 2 + valueMax <= ONE_BYTE_MAX, `the length of attribute ${key} fits one byte`);
  return bytes;
}

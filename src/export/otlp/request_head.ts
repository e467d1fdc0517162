/**
 * ExportTraceServiceRequest around spans that are written already: one resource, one scope. Its two lengths have a
 * fixed size, so that they can be filled in when the spans are there.
 */
import type { AttributeValue } from "../../attribute_sets.ts";
import { field, keyValue, text } from "./protobuf.ts";

export interface Scope {
  name: string;
  version: string;
}

const LENGTH_BYTES = 4;
const RESOURCE_SPANS = 1;
const RESOURCE = 1;
const SCOPE_SPANS = 2;
const SCOPE = 1;
const LENGTH_DELIMITED = 2;

export class RequestHead {
  readonly #resource: number[];
  readonly #scope: number[];

  constructor(resource: Record<string, AttributeValue>, scope: Scope) {
    const attributes = Object.entries(resource).flatMap(([key, value]) => field(1, keyValue(key, value)));
    this.#resource = field(RESOURCE, attributes);
    this.#scope = field(SCOPE, [...text(1, scope.name), ...text(2, scope.version)]);
  }

  /** Bytes of the head. */
  get length(): number {
    return 2 * (1 + LENGTH_BYTES) + this.#resource.length + this.#scope.length;
  }

  /** Writes the head of a request whose spans take so many bytes, to its beginning. */
  writeTo(request: Uint8Array, spansBytes: number): void {
    const scopeSpansLength = this.#scope.length + spansBytes;
    const resourceSpansLength = this.#resource.length + 1 + LENGTH_BYTES + scopeSpansLength;
    request.set([
      RESOURCE_SPANS << 3 | LENGTH_DELIMITED,
      ...paddedVarint(resourceSpansLength),
      ...this.#resource,
      SCOPE_SPANS << 3 | LENGTH_DELIMITED,
      ...paddedVarint(scopeSpansLength),
      ...this.#scope,
    ]);
  }
}

/** Four bytes, up to 2^28 - 1; leading zeros are allowed in a varint. */
function paddedVarint(value: number): number[] {
  return [value & 0x7f | 0x80, value >> 7 & 0x7f | 0x80, value >> 14 & 0x7f | 0x80, value >> 21 & 0x7f];
}

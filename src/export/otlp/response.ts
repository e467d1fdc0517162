/** ExportTraceServiceResponse, as far as it matters: what was rejected, and why. Hostile bytes are an empty answer. */

export interface TraceResponse {
  rejectedSpans: number;
  errorMessage: string;
}

const PARTIAL_SUCCESS = 1;
const REJECTED_SPANS = 1;
const ERROR_MESSAGE = 2;
const MESSAGE_MAX = 200;

export function readTraceResponse(bytes: Uint8Array): TraceResponse {
  const response: TraceResponse = { rejectedSpans: 0, errorMessage: "" };
  for (const outer of fields(bytes)) {
    if (outer.number !== PARTIAL_SUCCESS || typeof outer.value === "number") continue;
    for (const { number, value } of fields(outer.value)) {
      if (number === REJECTED_SPANS && typeof value === "number") response.rejectedSpans = value;
      if (number === ERROR_MESSAGE && typeof value !== "number") {
        response.errorMessage = new TextDecoder().decode(value.subarray(0, MESSAGE_MAX));
      }
    }
  }
  return response;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Fields of a message until its end, or to where it makes no sense. */
function* fields(bytes: Uint8Array): Generator<{ number: number; value: number | Uint8Array }> {
  const position = { at: 0 };
  while (position.at < bytes.length) {
    const tag = readVarint(bytes, position);
    if (tag === undefined) return;
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT: {
        const value = readVarint(bytes, position);
        if (value === undefined) return;
        yield { number, value };
        break;
      }
      case LENGTH_DELIMITED: {
        const length = readVarint(bytes, position);
        if (length === undefined || length > bytes.length - position.at) return;
        yield { number, value: bytes.subarray(position.at, position.at += length) };
        break;
      }
      case FIXED64:
        position.at += 8;
        break;
      case FIXED32:
        position.at += 4;
        break;
      default:
        return;
    }
  }
}

const VARINT_BYTES_MAX = 10;

function readVarint(bytes: Uint8Array, position: { at: number }): number | undefined {
  let value = 0;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = bytes[position.at++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
  return undefined;
}

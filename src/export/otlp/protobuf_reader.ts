/** Protocol buffers from others: what hostile bytes say is read up to where it makes no sense. */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const VARINT_BYTES_MAX = 10;

export interface Field {
  number: number;
  /** A number, or the bytes of a text or message. */
  value: number | Uint8Array;
}

/** Fields of a message. Fixed-size ones are passed over. */
export function* fields(bytes: Uint8Array): Generator<Field> {
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

/** The messages, or texts, that a message has under a number. */
export function* messages(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fields(bytes)) if (field.number === number && typeof field.value !== "number") yield field.value;
}

/** The last number under a number, as readers of protocol buffers take it; 0 where there is none. */
export function numberIn(bytes: Uint8Array, number: number): number {
  let last = 0;
  for (const field of fields(bytes)) if (field.number === number && typeof field.value === "number") last = field.value;
  return last;
}

/** The last text under a number, its first bytes. */
export function textIn(bytes: Uint8Array, number: number, bytesMax: number): string {
  let last = "";
  for (const text of messages(bytes, number)) last = new TextDecoder().decode(text.subarray(0, bytesMax));
  return last;
}

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

// Spans from records, as OTLP's protocol buffers: Span messages one behind the other, ready to stand in a ScopeSpans.
// A module of its own with its own memory, on the main thread; src/export/otlp/span_writer.ts lays the memory out.

import { FlowRecord } from "../record";
import { attributes } from "./attributes";
import { KIND, PROTOCOL, piece } from "./pieces";
import { copyPiece } from "./protobuf";

const TRACE_ID: u16 = 0x100a; // field 1, 16 bytes
const SPAN_ID: u16 = 0x0812; // field 2, 8 bytes
const START: u8 = 0x39; // field 7, fixed64
const END: u8 = 0x41; // field 8, fixed64
const SPAN: u8 = 0x12; // field 2 of ScopeSpans
const TWO_BYTES_MAX: usize = 0x3fff;

/** Bytes from one record to the next: FlowRecord up to initialSequence. */
const RECORD_STRIDE: usize = offsetof<FlowRecord>("startNs");

/**
 * Writes spans for `count` records from `records` on, to `out`. Returns the end. The host sees to it that there is
 * room.
 */
export function write(records: usize, count: u32, out: usize): usize {
  for (let i: u32 = 0; i < count; i++) out = span(out, changetype<FlowRecord>(records + <usize>i * RECORD_STRIDE));
  return out;
}

function span(out: usize, record: FlowRecord): usize {
  const at = changetype<usize>(record);
  // the tag and a length of two bytes come when the length is known
  const body = out + 3;
  store<u16>(body, TRACE_ID);
  v128.store(body + 2, v128.load(at, offsetof<FlowRecord>("traceId0")));
  store<u16>(body, SPAN_ID, 18);
  store<u64>(body, load<u64>(at, offsetof<FlowRecord>("spanId")), 20);
  store<u8>(body, START, 28);
  store<u64>(body, record.startUnixNs, 29);
  store<u8>(body, END, 37);
  store<u64>(body, record.endUnixNs, 38);
  const version: u32 = record.ipVersion == 6 ? 256 : 0;
  let end = copyPiece(body + 46, piece(KIND + (load<u32>(at, offsetof<FlowRecord>("initialSequence")) & 3)));
  end = copyPiece(end, piece(PROTOCOL + version + <u32>record.protocol));
  end = attributes(end, record);
  return close(out, body, end);
}

function close(out: usize, body: usize, end: usize): usize {
  let length = end - body;
  store<u8>(out, SPAN);
  if (length > TWO_BYTES_MAX) {
    memory.copy(body + 1, body, length);
    store<u8>(out, <u8>(length >> 14), 3);
    store<u8>(out, <u8>(length >> 7) | 0x80, 2);
    end++;
  } else {
    store<u8>(out, <u8>(length >> 7), 2);
  }
  store<u8>(out, <u8>length | 0x80, 1);
  return end;
}

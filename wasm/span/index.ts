// Spans from records, as OTLP's protocol buffers: Span messages one behind the other, ready to stand in a ScopeSpans.
// A module of its own with its own memory, on the main thread; src/export/otlp/span_writer.ts lays the memory out.

import { FlowRecord } from "../record";
import { attributes } from "./attributes";
import * as p from "./pieces";
import { byteVarint, copyKnown, copyPiece } from "./protobuf";
import { destinationSet, flowSet, kindOf, QUEUED_RECORD_BYTES, sourceSet } from "./queued_record";

const TRACE_ID: u16 = 0x100a; // field 1, 16 bytes
const SPAN_ID: u16 = 0x0812; // field 2, 8 bytes
const START: u8 = 0x39; // field 7, fixed64
const END: u8 = 0x41; // field 8, fixed64
const SPAN: u8 = 0x12; // field 2 of ScopeSpans
/** The tag, and a length of two bytes: where a span of usual length begins. */
const HEAD_BYTES: usize = 3;

/** What a span takes at most beside its attribute sets, and what copies write behind their end. */
const SPAN_BYTES_MAX: usize = 8_192;

let written: u32 = 0;

/** Spans that the last write() wrote. */
export function spansWritten(): u32 {
  return written;
}

/**
 * Writes spans for `count` records from `records` on, from `out` up to `limit`, as many as there is room for. Returns
 * the end.
 */
export function write(records: usize, count: u32, out: usize, limit: usize): usize {
  for (written = 0; written < count; written++) {
    const record = changetype<FlowRecord>(records + <usize>(written * QUEUED_RECORD_BYTES));
    const source = p.laterPiece(p.SOURCE_SET, sourceSet(record));
    const destination = p.laterPiece(p.DESTINATION_SET, destinationSet(record));
    const flow = p.laterPiece(p.FLOW_SET, flowSet(record));
    if (out + SPAN_BYTES_MAX + p.lengthOf(source) + p.lengthOf(destination) + p.lengthOf(flow) > limit) break;
    const body = out + HEAD_BYTES;
    let end = envelope(body, record);
    end = attributes(end, record);
    end = copyKnown(copyKnown(copyKnown(end, source), destination), flow);
    out = close(out, body, end);
  }
  return out;
}

@inline
function envelope(body: usize, record: FlowRecord): usize {
  const at = changetype<usize>(record);
  store<u16>(body, TRACE_ID);
  v128.store(body + 2, v128.load(at, offsetof<FlowRecord>("traceId0")));
  store<u16>(body, SPAN_ID, 18);
  store<u64>(body, load<u64>(at, offsetof<FlowRecord>("spanId")), 20);
  store<u8>(body, START, 28);
  store<u64>(body, record.startUnixNs, 29);
  store<u8>(body, END, 37);
  store<u64>(body, record.endUnixNs, 38);
  const version: u32 = record.ipVersion == 6 ? 256 : 0;
  const end = copyPiece(body + 46, p.piece(p.KIND + (kindOf(record) & 3)));
  return copyPiece(end, p.piece(p.PROTOCOL + version + <u32>record.protocol));
}

/** The tag and the length in front of a span. The length has two bytes as a rule, and more where sets are long. */
function close(out: usize, body: usize, end: usize): usize {
  const length = end - body;
  let from = out + 2;
  for (let rest = length >> 7; rest; rest >>= 7) from++;
  if (from != body) memory.copy(from, body, length);
  store<u8>(out, SPAN);
  byteVarint(out + 1, length);
  return from + length;
}

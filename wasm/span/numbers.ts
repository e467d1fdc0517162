// Blocks of numbers: copied whole, with values filled in at places that are known before. Varints there have a fixed
// width: one may be longer than its value needs (Protocol Buffers encoding, "Base 128 Varints").

import { FlowRecord } from "../record";
import * as p from "./pieces";
import { piece } from "./pieces";
import { base64Digest } from "./text";

/** Counts below 2^28 take four bytes; wide ones nine, up to 2^63. */
const WIDE_MASK: i64 = ~((<i64>1 << 28) - 1);

// places in a block: the counts in their order in a record, then
const RECORD_NUMBER: usize = 12;
const SOURCE_PORT: usize = 13;
const DESTINATION_PORT: usize = 14;
/** Of the digest behind "1:". */
const COMMUNITY_ID: usize = 15;
const COUNTS: usize = 12;

/** Copies a block, and up to 63 bytes behind its end. */
@inline
export function copyBlock(out: usize, number: u32): usize {
  const block = piece(number);
  const length = <usize>load<u32>(block - 4);
  for (let i: usize = 0; i < length; i += 64) {
    v128.store(out + i, v128.load(block + i));
    v128.store(out + i, v128.load(block + i, 16), 16);
    v128.store(out + i, v128.load(block + i, 32), 32);
    v128.store(out + i, v128.load(block + i, 48), 48);
  }
  return out + length;
}

/** Everything that is counted of a flow, its ports and its Community ID. */
export function flowNumbers(out: usize, record: FlowRecord, source: u32, destination: u32): usize {
  const number = p.FLOW_NUMBERS + (isWide(record) ? 2 : 0);
  const end = copyBlock(out, number);
  const places = piece(number + 1);
  // the block's last value: what is written behind it is written over
  base64Digest(
    out + place(places, COMMUNITY_ID),
    changetype<usize>(record) + offsetof<FlowRecord>("community0"),
  );
  if (number == p.FLOW_NUMBERS) {
    fillCounts(out, places, record);
  } else {
    fillWideCounts(out, places, record);
  }
  fill(out, places, SOURCE_PORT, source);
  fill(out, places, DESTINATION_PORT, destination);
  return end;
}

/** Everything that is counted of an aggregate. */
export function aggregateNumbers(out: usize, record: FlowRecord): usize {
  const number = p.AGGREGATE_NUMBERS + (isWide(record) ? 2 : 0);
  const end = copyBlock(out, number);
  const places = piece(number + 1);
  if (number == p.AGGREGATE_NUMBERS) fillCounts(out, places, record);
  else fillWideCounts(out, places, record);
  return end;
}

/** The part of a record that says how well a side's segments went. */
export function quality(out: usize, record: FlowRecord, side: u32): usize {
  const from = changetype<usize>(record) + (<usize>side << 2);
  const end = copyBlock(out, p.QUALITY + (side << 1));
  const places = piece(p.QUALITY + (side << 1) + 1);
  fillWord(out, places, 0, load<u32>(from, offsetof<FlowRecord>("retransmittedPackets0")));
  fillWord(out, places, 1, load<u32>(from, offsetof<FlowRecord>("retransmittedBytes0")));
  fillWord(out, places, 2, load<u32>(from, offsetof<FlowRecord>("outOfOrder0")));
  fillWord(out, places, 3, load<u32>(from, offsetof<FlowRecord>("zeroWindows0")));
  return end;
}

@inline
function countsOf(record: FlowRecord): usize {
  return changetype<usize>(record) + offsetof<FlowRecord>("packetsDelta0");
}

/** Whether any count takes more than four bytes. */
@inline
function isWide(record: FlowRecord): bool {
  const from = countsOf(record);
  let all = v128.or(v128.load(from), v128.load(from, 16));
  all = v128.or(all, v128.or(v128.load(from, 32), v128.load(from, 48)));
  all = v128.or(all, v128.or(v128.load(from, 64), v128.load(from, 80)));
  return v128.any_true(v128.and(all, i64x2.splat(WIDE_MASK)));
}

@inline
function fillCounts(out: usize, places: usize, record: FlowRecord): void {
  const from = countsOf(record);
  fillFour(out, places, 0, v128.load(from), v128.load(from, 16));
  fillFour(out, places, 4, v128.load(from, 32), v128.load(from, 48));
  fillFour(out, places, 8, v128.load(from, 64), v128.load(from, 80));
  fillWord(out, places, RECORD_NUMBER, record.number);
}

/** Four values of 64 bits, below 2^28 each. */
@inline
function fillFour(out: usize, places: usize, index: usize, low: v128, high: v128): void {
  const values = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  const spread = v128.or(
    v128.or(
      v128.and(values, i32x4.splat(0x7f)),
      i32x4.shl(v128.and(values, i32x4.splat(0x3f80)), 1),
    ),
    v128.or(
      i32x4.shl(v128.and(values, i32x4.splat(0x1fc000)), 2),
      i32x4.shl(v128.and(values, i32x4.splat(0xfe00000)), 3),
    ),
  );
  const varints = v128.or(spread, i32x4.splat(0x808080));
  store<u32>(out + place(places, index), i32x4.extract_lane(varints, 0));
  store<u32>(out + place(places, index + 1), i32x4.extract_lane(varints, 1));
  store<u32>(out + place(places, index + 2), i32x4.extract_lane(varints, 2));
  store<u32>(out + place(places, index + 3), i32x4.extract_lane(varints, 3));
}

function fillWideCounts(out: usize, places: usize, record: FlowRecord): void {
  for (let i: usize = 0; i < COUNTS; i++) fillWide(out, places, i, load<u64>(countsOf(record) + (i << 3)));
  fillWord(out, places, RECORD_NUMBER, record.number);
}

@inline
function place(places: usize, index: usize): usize {
  return <usize>load<u32>(places + (index << 2));
}

/** Four bytes, of values below 2^28. */
@inline
function fill(out: usize, places: usize, index: usize, value: u32): void {
  const spread = (value & 0x7f) | (value & 0x3f80) << 1 | (value & 0x1fc000) << 2 | (value & 0xfe00000) << 3;
  store<u32>(out + place(places, index), spread | 0x808080);
}

/** Five bytes, of values below 2^32. */
@inline
function fillWord(out: usize, places: usize, index: usize, value: u32): void {
  const at = out + place(places, index);
  const spread = (value & 0x7f) | (value & 0x3f80) << 1 | (value & 0x1fc000) << 2 | (value & 0xfe00000) << 3;
  store<u32>(at, spread | 0x80808080);
  store<u8>(at, <u8>(value >> 28), 4);
}

/** Nine bytes, of values below 2^63. */
function fillWide(out: usize, places: usize, index: usize, value: u64): void {
  const at = out + place(places, index);
  for (let i: usize = 0; i < 8; i++) store<u8>(at + i, <u8>(value >> (7 * i)) | 0x80);
  store<u8>(at, <u8>(value >> 56) & 0x7f, 8);
}

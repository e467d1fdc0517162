// What stands in a queued record besides the flow record: src/flow_record.ts, QUEUED_OFFSETS.

import { FlowRecord } from "../record";

/** Bytes from one record to the next. */
export const QUEUED_RECORD_BYTES: u32 = 300;

export const QUEUED_FLOW_SET: u32 = 12;
export const QUEUED_KIND: u32 = 286;
export const QUEUED_SOURCE_SET: u32 = 292;
export const QUEUED_DESTINATION_SET: u32 = 296;

@inline
export function kindOf(record: FlowRecord): u32 {
  return load<u16>(changetype<usize>(record), QUEUED_KIND);
}

@inline
export function sourceSet(record: FlowRecord): u32 {
  return load<u32>(changetype<usize>(record), QUEUED_SOURCE_SET);
}

@inline
export function destinationSet(record: FlowRecord): u32 {
  return load<u32>(changetype<usize>(record), QUEUED_DESTINATION_SET);
}

@inline
export function flowSet(record: FlowRecord): u32 {
  return load<u32>(changetype<usize>(record), QUEUED_FLOW_SET);
}

/**
 * Whose flow it is, seen from this node: CLIENT when the initiator is here, SERVER when the responder is and the
 * initiator is not, INTERNAL when neither is known to be (a router's view). Follows from where packets were made and
 * where they went, so it agrees with source and destination, which are initiator and responder.
 */
import type { SpanKind } from "../flow.ts";
import { Fact, type FlowRecord } from "../flow_record.ts";

/** Whether an address, 16 bytes, is one of this host's own. */
export type OwnAddress = (address: Uint8Array) => boolean;

export function spanKind(record: FlowRecord, isOwn: OwnAddress): SpanKind {
  if (record.has(Fact.LOCAL_SOURCE) || isOwn(record.sourceAddress)) return "CLIENT";
  if (record.has(Fact.LOCAL_DESTINATION) || isOwn(record.destinationAddress)) return "SERVER";
  return "INTERNAL";
}

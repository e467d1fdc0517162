// How many flows of each kind there are: counted along with the sweep, which looks at every one of them anyway, and
// told when it has seen them all. src/count/flow_classes.ts names the kinds.

import * as e from "./entry";
import { Entry } from "./entry";
import { CENSUS } from "./memory_map";
import { initiatorDirection } from "./out";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from "./slot";
import { KIND_AGGREGATE } from "./tuple";

export const CLASS_TCP: u32 = 0;
export const CLASS_UDP: u32 = 1;
export const CLASS_ICMP: u32 = 2;
export const CLASS_ICMPV6: u32 = 3;
export const CLASS_SCTP: u32 = 4;
export const CLASS_OTHER: u32 = 5;
export const CLASSES: u32 = 6;

/** Whose flow it is: the initiator is here, or else the responder is, or neither is known to be. */
export const FLOW_EGRESS: u32 = 0;
export const FLOW_INGRESS: u32 = 1;
export const FLOW_TRANSIT: u32 = 2;
export const FLOW_DIRECTIONS: u32 = 3;

const COUNTS_BYTES: usize = <usize>CLASSES * FLOW_DIRECTIONS * 4;

/** As far as the sweep has come. */
const counts: usize = memory.data(CLASSES * FLOW_DIRECTIONS * 4, 4);

export function restartCensus(): void {
  memory.fill(counts, 0, COUNTS_BYTES);
}

@inline export function countFlow(entry: Entry): void {
  if (entry.kind & KIND_AGGREGATE) return;
  const at = counts + <usize>((classOf(entry.protocol) * FLOW_DIRECTIONS + directionOf(entry)) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Every flow was looked at: u32 at CENSUS, class by class, a number for each direction. */
export function tellCensus(): void {
  memory.copy(CENSUS, counts, COUNTS_BYTES);
  restartCensus();
}

function classOf(protocol: u8): u32 {
  switch (protocol) {
    case PROTOCOL_TCP: return CLASS_TCP;
    case PROTOCOL_UDP: return CLASS_UDP;
    case PROTOCOL_ICMP: return CLASS_ICMP;
    case PROTOCOL_ICMPV6: return CLASS_ICMPV6;
    case PROTOCOL_SCTP: return CLASS_SCTP;
    default: return CLASS_OTHER;
  }
}

@inline function directionOf(entry: Entry): u32 {
  const state = entry.state;
  if (!(state & (e.LOCAL_0 | e.LOCAL_1))) return FLOW_TRANSIT;
  return state & (e.LOCAL_0 << initiatorDirection(entry)) ? FLOW_EGRESS : FLOW_INGRESS;
}

/** Which flows failed: what sampling.keep_failures keeps. */
import type { FlowRecord, Side } from "../flow_record.ts";
import { connectionState } from "../tcp_state.ts";

const RST = 0x04;
const PROTOCOL_ICMP = 1;
/** RFC 792: destination unreachable, source quench, time exceeded, parameter problem. */
const ICMP_ERRORS = [3, 4, 11, 12];
/** RFC 4443, 2.1: types below are errors. */
const ICMPV6_INFORMATION_FIRST = 128;
const REASON_ACTIVE = 2;
const SIDES: readonly Side[] = [0, 1];

/**
 * A TCP connection that either side reset or refused; one whose handshake was never completed by the time the flow
 * ended; an ICMP or ICMPv6 error. Known in the end only: a flow that goes on is judged by what there is of it so far.
 */
export function hasFailed(record: FlowRecord): boolean {
  if (record.isAggregate) return false;
  if (record.isTcp) return hasConnectionFailed(record);
  return record.isIcmp && SIDES.some((side) => record.packetsTotal(side) > 0 && isError(record, side));
}

function hasConnectionFailed(record: FlowRecord): boolean {
  const [forward, reverse] = [record.tcpFlags(0), record.tcpFlags(1)];
  if ((forward | reverse) & RST) return true;
  if (record.endReason === 0 || record.endReason === REASON_ACTIVE) return false;
  return ["syn_sent", "syn_received"].includes(connectionState(forward, reverse, false));
}

function isError(record: FlowRecord, side: Side): boolean {
  const type = record.icmpType(side);
  return record.protocol === PROTOCOL_ICMP ? ICMP_ERRORS.includes(type) : type < ICMPV6_INFORMATION_FIRST;
}

import { equal } from "node:assert/strict";
import { RECORD_AGGREGATE } from "../../src/flow_record.ts";
import { hasFailed } from "../../src/filter/flow_failure.ts";
import { buildRecord, type RecordFields } from "../support/build_record.ts";

const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
const [GOES_ON, IDLE, ACTIVE, END, FORCED] = [0, 1, 2, 3, 4];
const [TCP, UDP, ICMP, ICMPV6] = [6, 17, 1, 58];

function tcp(forward: number, reverse: number, endReason: number): RecordFields {
  return {
    protocol: TCP,
    endReason,
    forward: { packets: 3, tcpFlags: forward },
    reverse: { packets: reverse ? 2 : 0, tcpFlags: reverse },
  };
}

const ROWS: ReadonlyArray<[what: string, fails: boolean, fields: RecordFields]> = [
  ["a connection that both ended", false, tcp(SYN | ACK | FIN, SYN | ACK | FIN, END)],
  ["a connection that goes on", false, tcp(SYN | ACK, SYN | ACK, ACTIVE)],
  ["a connection that nobody ended", false, tcp(SYN | ACK, SYN | ACK, IDLE)],
  ["a connection whose beginning was not seen", false, tcp(ACK, ACK, IDLE)],
  ["a refusal", true, tcp(SYN, RST | ACK, END)],
  ["a reset by the initiator", true, tcp(SYN | ACK | RST, SYN | ACK, END)],
  ["a reset of a connection that goes on in the table", true, tcp(SYN | ACK, SYN | ACK | RST, ACTIVE)],
  ["a SYN that nothing answered", true, tcp(SYN, 0, IDLE)],
  ["a SYN that nothing answered by the time weir stopped", true, tcp(SYN, 0, FORCED)],
  ["a SYN that nothing answered yet", false, tcp(SYN, 0, ACTIVE)],
  ["the same, looked at", false, tcp(SYN, 0, GOES_ON)],
  ["a handshake without its last step", true, tcp(SYN, SYN | ACK, IDLE)],
  ["UDP without an answer", false, { protocol: UDP, endReason: IDLE, forward: { packets: 3 } }],
  ["an echo", false, { protocol: ICMP, forward: { packets: 1, icmpType: 8 }, reverse: { packets: 1, icmpType: 0 } }],
  ["destination unreachable", true, { protocol: ICMP, forward: { packets: 1, icmpType: 3, icmpCode: 3 } }],
  ["time exceeded, from the responder", true, { protocol: ICMP, reverse: { packets: 1, icmpType: 11 } }],
  ["a redirect", false, { protocol: ICMP, forward: { packets: 1, icmpType: 5 } }],
  ["packet too big (ICMPv6)", true, { protocol: ICMPV6, forward: { packets: 1, icmpType: 2 } }],
  ["an echo (ICMPv6)", false, {
    protocol: ICMPV6,
    forward: { packets: 1, icmpType: 128 },
    reverse: { packets: 1, icmpType: 129 },
  }],
  ["an aggregate of connections", false, { ...tcp(SYN, RST, END), what: RECORD_AGGREGATE }],
  ["fragments of TCP", false, { ...tcp(SYN, RST, END), kind: 2 }],
];

for (const [what, fails, fields] of ROWS) {
  Deno.test(`hasFailed() says ${fails ? "yes" : "no"} of ${what}`, () => equal(hasFailed(buildRecord(fields)), fails));
}

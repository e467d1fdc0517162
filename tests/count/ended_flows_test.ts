import { deepEqual } from "node:assert/strict";
import { EndedFlows } from "../../src/count/ended_flows.ts";
import { Fact } from "../../src/flow_record.ts";
import { buildRecord, type RecordFields } from "../support/build_record.ts";

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const IDLE = 1;
const ACTIVE = 2;
const END = 3;

/** What came of these records, without the kinds that there are none of. */
function ended(...records: RecordFields[]): Array<[string, number, number]> {
  const flows = new EndedFlows();
  for (const fields of records) flows.add(buildRecord(fields));
  return flows.counts().filter((count) => count.ended).map(({ protocol, direction, ended, failed }) => [
    `${protocol} ${direction}`,
    ended,
    failed,
  ]);
}

Deno.test("EndedFlows.add() counts a flow once, at its last record", () => {
  const flow = { protocol: 17, facts: Fact.LOCAL_SOURCE };
  deepEqual(ended({ ...flow, endReason: ACTIVE }, { ...flow, endReason: ACTIVE }), []);
  deepEqual(ended({ ...flow, endReason: ACTIVE }, { ...flow, endReason: IDLE }), [["udp egress", 1, 0]]);
});

Deno.test("EndedFlows.add() leaves out what is no flow of its own, and looks at flows that go on", () => {
  deepEqual(ended({ what: 1, endReason: IDLE }, { what: 2 }, { what: 3, endReason: IDLE }), []);
});

Deno.test("EndedFlows.add() tells protocols and directions apart", () => {
  deepEqual(
    ended(
      { protocol: 1, endReason: IDLE, facts: Fact.LOCAL_DESTINATION },
      { protocol: 58, endReason: IDLE },
      { protocol: 132, endReason: IDLE, facts: Fact.LOCAL_SOURCE | Fact.LOCAL_DESTINATION },
      { protocol: 47, endReason: END },
    ),
    [["icmp ingress", 1, 0], ["icmpv6 transit", 1, 0], ["sctp egress", 1, 0], ["other transit", 1, 0]],
  );
});

Deno.test("EndedFlows.add() takes a connection that nobody agreed to for failed", () => {
  const tcp = (forward: number, reverse: number) => ({
    protocol: 6,
    endReason: END,
    forward: { tcpFlags: forward },
    reverse: { tcpFlags: reverse },
  });
  deepEqual(ended(tcp(SYN, 0)), [["tcp transit", 1, 1]], "no answer");
  deepEqual(ended(tcp(SYN, RST | ACK)), [["tcp transit", 1, 1]], "refused");
  deepEqual(ended(tcp(SYN | ACK, SYN | ACK), tcp(SYN | RST, SYN | ACK)), [["tcp transit", 2, 0]], "opened");
  deepEqual(ended(tcp(ACK, RST)), [["tcp transit", 1, 0]], "its beginning was not seen");
});

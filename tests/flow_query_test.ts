import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { UsageError } from "../src/errors.ts";
import { isAskedFor, parseFlowQuery } from "../src/flow_query.ts";
import { buildRecord } from "./support/build_record.ts";

Deno.test("parseFlowQuery() reads ends in every spelling, and Community IDs", () => {
  const ends = (text: string) => parseFlowQuery(text).ends?.map(({ address, port }) => [address, port]);
  deepEqual(ends("10.0.0.1:51000 10.0.0.2:443"), [["10.0.0.1", 51_000], ["10.0.0.2", 443]]);
  deepEqual(ends("10.0.0.1:51000 -> 10.0.0.2:443 TCP"), [["10.0.0.1", 51_000], ["10.0.0.2", 443]]);
  deepEqual(ends("10.0.0.1,10.0.0.2"), [["10.0.0.1", undefined], ["10.0.0.2", undefined]]);
  deepEqual(ends("[fd00::1]:443 fd00::2"), [["fd00::1", 443], ["fd00::2", undefined]]);
  deepEqual(ends("fd00::1:443 [fd00::2]"), [["fd00::1:443", undefined], ["fd00::2", undefined]]);
  equal(parseFlowQuery("10.0.0.1 10.0.0.2 UDP").protocol, 17);
  equal(parseFlowQuery("10.0.0.1 10.0.0.2 132").protocol, 132);
  equal(parseFlowQuery("1:LQU9qZlK+B5F3KDmev6m5PMibrg=").communityId?.length, 20);
});

Deno.test("parseFlowQuery() refuses what is neither, and says what is wanted", () => {
  const wrong = ["", "10.0.0.1", "10.0.0.1 host:80", "10.0.0.1:65536 10.0.0.2", "1:short=", "10.0.0.1:x 10.0.0.2"];
  for (const text of [...wrong, "10.0.0.1 10.0.0.2 tcp more", "[fd00::1 fd00::2", "fd00::g fd00::2"]) {
    throws(() => parseFlowQuery(text), (error) => {
      return error instanceof UsageError && error.message.includes("a Community ID, or two ends");
    }, text);
  }
});

Deno.test("parseFlowQuery() refuses a protocol that there is not", () => {
  for (const text of ["tpc", "256", "-1"]) {
    throws(() => parseFlowQuery(`10.0.0.1 10.0.0.2 ${text}`), /Cannot use protocol .*: write tcp, udp/, text);
  }
});

Deno.test("parseFlowQuery() takes no longer for a long text that it refuses", () => {
  const begunAtMs = performance.now();
  throws(() => parseFlowQuery(`${":".repeat(20_011)}[ 10.0.0.1`), UsageError);
  ok(performance.now() - begunAtMs < 1_000, "a match that goes back and forth would take hours");
});

Deno.test("isAskedFor() finds a flow by either end, any port that is not said, and its protocol", () => {
  const record = buildRecord({
    source: "10.0.0.1",
    destination: "10.0.0.2",
    protocol: 6,
    sourcePort: 51_000,
    destinationPort: 443,
  });
  const asks = (text: string) => isAskedFor(record, parseFlowQuery(text));
  for (
    const text of [
      "10.0.0.1:51000 10.0.0.2:443",
      "10.0.0.2:443 10.0.0.1",
      "10.0.0.1 10.0.0.2:443 tcp",
      "::ffff:10.0.0.1 10.0.0.2",
    ]
  ) {
    equal(asks(text), true, text);
  }
  for (const text of ["10.0.0.1:443 10.0.0.2", "10.0.0.1 10.0.0.2 udp", "10.0.0.1 10.0.0.3", "10.0.0.1 10.0.0.1"]) {
    equal(asks(text), false, text);
  }
});

import assert from "node:assert/strict";
import type { References } from "../../src/export/references.ts";
import {
  colourStyle,
  countText,
  durationText,
  plainStyle,
  sizeText,
  textHeader,
  textLine,
} from "../../src/export/text_lines.ts";
import { Fact, KIND_FRAGMENT, RECORD_AGGREGATE } from "../../src/flow_record.ts";
import { buildRecord, type RecordFields } from "../support/build_record.ts";

const REFERENCES: References = {
  setOf: () => undefined,
  interfaceOf: (id) => id === 1 ? { name: "eth0", ifindex: 2 } : undefined,
};
const COUNTED = Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE;

function line(fields: RecordFields, style = plainStyle): string {
  return textLine(REFERENCES, style)(buildRecord({ facts: COUNTED, ...fields }));
}

Deno.test("countText(), sizeText() and durationText() keep three digits and their units", () => {
  assert.deepEqual([0, 999, 1_000, 12_345, 999_999, 1_234_567, 5e12].map(countText), [
    "0",
    "999",
    "1.00k",
    "12.3k",
    "1.00M",
    "1.23M",
    "5.00T",
  ]);
  assert.deepEqual([0, 1_023, 1_024, 1_536, 1_048_576, 2 ** 43].map(sizeText), [
    "0B",
    "1023B",
    "1.00KiB",
    "1.50KiB",
    "1.00MiB",
    "8.00TiB",
  ]);
  assert.deepEqual([0, 999, 1_000, 1_234_567, 1_500_000_000].map(durationText), [
    "0ns",
    "999ns",
    "1.0µs",
    "1.2ms",
    "1.5s",
  ]);
});

Deno.test("textLine() aligns its cells under the header's", () => {
  const [header, text] = [textHeader(plainStyle), line({ protocol: 6, interfaces: [1] })];
  for (
    const [title, cell] of [["PROTO", "tcp"], ["SOURCE", "10.0.0.1:40009"], ["DESTINATION", "10.0.0.2:443"]] as const
  ) {
    assert.equal(text.indexOf(cell), header.indexOf(title), title);
  }
  assert.equal(text.indexOf("eth0"), header.indexOf("INTERFACE"));
  assert.equal(text.split("\n").length, 2);
});

Deno.test("textLine() says who, how much, how long, and how it ended", () => {
  const text = line({
    protocol: 6,
    endReason: 3,
    startUnixNs: 1_000_000_000n,
    endUnixNs: 2_500_000_000n,
    synAckAfterNs: 1_200_000n,
    forward: { packets: 1_234, bytes: 1_536, tcpFlags: 0x11, retransmittedPackets: 3 },
    reverse: { packets: 7, bytes: 99, tcpFlags: 0x11 },
  });
  for (const part of ["1.23k/7", "1.50KiB/99B", "1.5s", "1.2ms", "closed, 3 retransmitted, end of Flow detected"]) {
    assert(text.includes(part), `${part} in ${text}`);
  }
});

Deno.test("textLine() has no ports where there are none", () => {
  assert(line({ protocol: 47, sourcePort: 0, destinationPort: 0 }).includes(" 10.0.0.1 "));
  assert(line({ kind: KIND_FRAGMENT }).includes(" 10.0.0.1 "));
  const echo = line({
    protocol: 1,
    sourcePort: 8,
    destinationPort: 0,
    forward: { icmpType: 8 },
    facts: Fact.ICMP_FORWARD | COUNTED,
  });
  assert(echo.includes(" 10.0.0.1 ") && echo.trimEnd().endsWith("echo_request"), echo);
  assert(line({ source: "2001:db8::1", destination: "2001:db8::2" }).includes("[2001:db8::1]:40009"));
  const aggregate = line({ what: RECORD_AGGREGATE, source: "10.1.0.0", prefixBits: 16, sourcePort: 0 });
  assert(aggregate.includes("10.1.0.0/16") && aggregate.trimEnd().endsWith("overflow"), aggregate);
});

Deno.test("textLine() tells a flow of which nothing counts here", () => {
  assert(line({ facts: 0 }).includes("seen elsewhere, too"));
  assert(!line({}).includes("seen elsewhere"));
});

Deno.test("colours surround words and change none", () => {
  const fields = { what: RECORD_AGGREGATE, endReason: 1, prefixBits: 16 };
  const coloured = line(fields, colourStyle);
  assert(coloured.includes("\x1b[31moverflow\x1b[0m"));
  // deno-lint-ignore no-control-regex
  assert.equal(coloured.replace(/\x1b\[\d*m/g, ""), line(fields));
});

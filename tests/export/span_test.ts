import assert from "node:assert/strict";
import type { SpanContext } from "../../src/export/attributes.ts";
import { jsonLine } from "../../src/export/json_lines.ts";
import { flowSpan, spanName } from "../../src/export/span.ts";
import { buildRecord } from "../support/build_record.ts";
import { CLIENT, meaning, NO_REFERENCES, queuedRecord } from "../support/meanings.ts";

const INTERNAL: SpanContext = { ...meaning("INTERNAL"), interfaceOf: () => undefined };

Deno.test("spanName() is flow_<network.type>_<network.transport>", () => {
  assert.equal(spanName(buildRecord({ protocol: 6 })), "flow_ipv4_tcp");
  assert.equal(spanName(buildRecord({ protocol: 58, source: "fe80::1" })), "flow_ipv6_icmpv6");
  assert.equal(spanName(buildRecord({ protocol: 253 })), "flow_ipv4_protocol-253");
});

Deno.test("flowSpan() has OTLP's field names, ids in hexadecimal digits and times as digits", () => {
  const record = buildRecord({
    traceId: "00112233445566778899aabbccddeeff",
    spanId: "0123456789abcdef",
    startUnixNs: 1_700_000_000_123_456_789n,
    endUnixNs: 1_700_000_001_000_000_001n,
  });
  const { attributes, ...envelope } = flowSpan(record, INTERNAL);
  assert.deepEqual(envelope, {
    name: "flow_ipv4_udp",
    kind: "INTERNAL",
    traceId: "00112233445566778899aabbccddeeff",
    spanId: "0123456789abcdef",
    startTimeUnixNano: "1700000000123456789",
    endTimeUnixNano: "1700000001000000001",
  });
  assert.equal(attributes["flow.direction"], "unknown");
  assert(Object.values(attributes).every((value) => value !== undefined));
});

Deno.test("flowSpan() has the attributes of the flow's ends under their sides, and the flow's own as they are", () => {
  const [source, destination, flow] = [{ "k8s.pod.name": "a" }, { "k8s.pod.name": "b" }, {
    "network.policies.egress": [],
  }]
    .map((attributes, i) => ({ id: i + 1, attributes }));
  const { attributes } = flowSpan(buildRecord(), { ...INTERNAL, ...meaning("CLIENT", { source, destination, flow }) });
  assert.equal(attributes["source.k8s.pod.name"], "a");
  assert.equal(attributes["destination.k8s.pod.name"], "b");
  assert.deepEqual(attributes["network.policies.egress"], []);
});

Deno.test("jsonLine() is one line of JSON, whatever a name holds", () => {
  const name = 'et"h\n\u2028\\0';
  const references = { ...NO_REFERENCES, interfaceOf: () => ({ name, ifindex: 2 }) };
  const line = jsonLine(references)(queuedRecord(buildRecord({ interfaces: [1] }), CLIENT));
  assert(line.endsWith("}\n"));
  assert.equal(line.split("\n").length, 2);
  assert.equal(JSON.parse(line).attributes["network.interface.name"], name);
});

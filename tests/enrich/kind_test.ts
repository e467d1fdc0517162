import assert from "node:assert/strict";
import { spanKind } from "../../src/enrich/kind.ts";
import { ownAddresses } from "../../src/enrich/own_addresses.ts";
import { Fact } from "../../src/flow_record.ts";
import { buildRecord } from "../support/build_record.ts";
import { mapped } from "../support/slot_writer.ts";

const nobody = () => false;

Deno.test("spanKind() is CLIENT where the initiator is on this node, else SERVER where the responder is", () => {
  const kind = (facts: number) => spanKind(buildRecord({ facts }), nobody);
  assert.equal(kind(Fact.LOCAL_SOURCE), "CLIENT");
  assert.equal(kind(Fact.LOCAL_SOURCE | Fact.LOCAL_DESTINATION), "CLIENT");
  assert.equal(kind(Fact.LOCAL_DESTINATION), "SERVER");
  assert.equal(kind(0), "INTERNAL");
});

Deno.test("spanKind() knows the host's own addresses, too", () => {
  const own = (text: string) => ownAddresses(() => [text]);
  const record = { source: "10.0.0.1", destination: "2001:db8::1" };
  assert.equal(spanKind(buildRecord(record), own("10.0.0.1")), "CLIENT");
  assert.equal(spanKind(buildRecord({ ...record, source: "2001:db8::2" }), own("2001:db8::1")), "SERVER");
  assert.equal(spanKind(buildRecord(record), own("10.0.0.9")), "INTERNAL");
});

Deno.test("ownAddresses() looks again after a while, not each time", () => {
  let nowMs = 0;
  let looks = 0;
  let list = ["10.0.0.1"];
  const isOwn = ownAddresses(() => (looks++, list), () => nowMs);
  assert(isOwn(mapped("10.0.0.1")));
  list = ["10.0.0.2"];
  nowMs = 9_999;
  assert(isOwn(mapped("10.0.0.1")) && !isOwn(mapped("10.0.0.2")));
  assert.equal(looks, 1);
  nowMs = 10_000;
  assert(!isOwn(mapped("10.0.0.1")) && isOwn(mapped("10.0.0.2")));
  assert.equal(looks, 2);
});

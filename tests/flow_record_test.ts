import assert from "node:assert/strict";
import { Fact, FlowRecord, QUEUED_RECORD_BYTES, RECORD_BYTES, RECORD_OFFSETS } from "../src/flow_record.ts";
import { buildRecord } from "./support/build_record.ts";
import { meaning } from "./support/meanings.ts";
import { viewRecord } from "./support/record_view.ts";

Deno.test("FlowRecord reads each field of each side where it lies", () => {
  const side = (n: number) => ({
    packets: n + 1,
    packetsTotal: n + 2,
    bytes: n + 3,
    bytesTotal: n + 4,
    wireBytes: n + 5,
    frames: n + 6,
    retransmittedPackets: n + 7,
    retransmittedBytes: n + 8,
    outOfOrder: n + 9,
    zeroWindows: n + 10,
    tcpFlags: n + 11,
    ttl: n + 12,
    flowLabel: n + 13,
    trafficClass: n + 14,
    icmpType: n + 15,
    icmpCode: n + 16,
  });
  const view = viewRecord(buildRecord({ forward: side(20), reverse: side(100), interfaces: [3, 5, 7, 11] }));
  assert.deepEqual(view.forward, side(20));
  assert.deepEqual(view.reverse, side(100));
  assert.deepEqual(view.interfaces, [3, 5, 7, 11]);
});

Deno.test("FlowRecord's counts are exact up to 2^53", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const record = buildRecord({ forward: { bytes: most, packets: 2 ** 32 }, reverse: { bytes: 2 ** 32 - 1 } });
  assert.equal(record.bytesDelta(0), most);
  assert.equal(record.packetsDelta(0), 2 ** 32);
  assert.equal(record.bytesDelta(1), 2 ** 32 - 1);
});

Deno.test("FlowRecord is a cursor: what it reads is what lies there now", () => {
  const region = new Uint8Array(3 * RECORD_BYTES);
  for (let i = 0; i < 3; i++) region[i * RECORD_BYTES + RECORD_OFFSETS.protocol] = 40 + i;
  const record = new FlowRecord(region.buffer);
  assert.deepEqual([2, 0, 1].map((i) => record.moveTo(i * RECORD_BYTES).protocol), [42, 40, 41]);
  region[RECORD_BYTES + RECORD_OFFSETS.protocol] = 99;
  assert.equal(record.protocol, 99);
});

Deno.test("FlowRecord.has() knows every fact apart", () => {
  const bits = Object.values(Fact);
  assert.equal(new Set(bits).size, bits.length);
  for (const fact of bits) {
    const record = buildRecord({ facts: fact });
    assert.deepEqual(bits.filter((other) => record.has(other)), [fact]);
  }
});

Deno.test("FlowRecord.copyTo() copies what exporters queue, and what it means", () => {
  const record = buildRecord({
    protocol: 6,
    number: 7,
    spanId: "0123456789abcdef",
    sourceMac: "0a0b0c0d0e0f",
    forward: { packets: 3, bytes: 300 },
  });
  const words = new Int32Array(2 * QUEUED_RECORD_BYTES / 4);
  const [source, destination, flow] = [11, 13, 2 ** 32 - 1].map((id) => ({ id, attributes: {} }));
  record.copyTo(words, QUEUED_RECORD_BYTES / 4, meaning("CLIENT", { source, destination, flow }));
  const copy = new FlowRecord(words.buffer).moveTo(QUEUED_RECORD_BYTES);
  assert.deepEqual([copy.protocol, copy.number, copy.packetsDelta(0)], [6, 7, 3]);
  assert.equal(copy.spanId.toHex(), "0123456789abcdef");
  assert.equal(copy.sourceMac.toHex(), "0a0b0c0d0e0f");
  assert.equal(copy.queuedKind, "CLIENT");
  assert.deepEqual([copy.queuedSet("source"), copy.queuedSet("destination"), copy.queuedSet("flow")], [
    11,
    13,
    2 ** 32 - 1,
  ]);
  record.copyTo(words, QUEUED_RECORD_BYTES / 4, meaning("INTERNAL"));
  assert.equal(copy.queuedKind, "INTERNAL");
  assert.deepEqual([copy.queuedSet("source"), copy.queuedSet("destination"), copy.queuedSet("flow")], [0, 0, 0]);
  assert(words.subarray(0, QUEUED_RECORD_BYTES / 4).every((word) => word === 0));
});

Deno.test("FlowRecord has times in ms to a microsecond, and addresses by words, for who makes nothing in a look-up", () => {
  const record = buildRecord({
    source: "10.1.2.254",
    destination: "2001:db8:ffff:1::8000:7",
    startUnixNs: 1_767_225_834_402_000_000n,
    endUnixNs: 1_767_225_834_402_717_999n,
  });
  assert.equal(record.startUnixMs, 1_767_225_834_402);
  assert.equal(record.endUnixMs, 1_767_225_834_402.718);
  const words = (side: 0 | 1) => ([0, 1, 2, 3] as const).map((place) => record.addressWord(side, place));
  assert.deepEqual(words(0), [0, 0, 0x0000ffff, 0x0a0102fe]);
  assert.deepEqual(words(1), [0x20010db8, 0xffff0001 | 0, 0, 0x80000007 | 0]);
});

/** Trace and span ids: two nodes that see one connection name it alike, and each record apart. */
import assert from "node:assert/strict";
import type { TableOptions } from "../../src/count/mod.ts";
import type { RecordView } from "../support/record_view.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { MS, openTableRig, START_NS } from "../support/table_rig.ts";

const SYN = 0x02;
const ACK = 0x10;

const there = { source: "10.0.0.1", destination: "10.0.0.2", sourcePort: 40_009, destinationPort: 443 };
const back = { source: "10.0.0.2", destination: "10.0.0.1", sourcePort: 443, destinationPort: 40_009 };

async function records(table: Partial<TableOptions>, ...sightings: Sighting[]): Promise<RecordView[]> {
  const rig = await openTableRig({ table });
  for (const sighting of sightings) rig.slots.see({ atNs: START_NS, ...sighting });
  rig.count();
  return rig.flush();
}

Deno.test("nodes that see a connection's SYN, or only its SYN-ACK, give it one trace id and each its own span id", async () => {
  const syn = { ...there, protocol: 6, tcpFlags: SYN, sequence: 0xffffffff };
  const synAck = { ...back, protocol: 6, tcpFlags: SYN | ACK, sequence: 7, acknowledgment: 0 };
  const [a] = await records({ node: "a" }, syn, synAck);
  const [b] = await records({ node: "b" }, { ...synAck, atNs: START_NS + 99n * MS, vlan: 5 });
  assert.equal(a!.traceId, b!.traceId);
  assert.notEqual(a!.spanId, b!.spanId);
  assert.match(a!.traceId, /^[0-9a-f]{32}$/);
  assert.match(a!.spanId, /^[0-9a-f]{16}$/);
  const [again] = await records({ node: "a" }, syn, synAck);
  assert.deepEqual([again!.traceId, again!.spanId], [a!.traceId, a!.spanId], "the same when it is computed again");
});

Deno.test("trace ids depend on domain, tuple, protocol and the initiator's number", async () => {
  const syn = { ...there, protocol: 6, tcpFlags: SYN, sequence: 7 };
  const others: Array<[Partial<TableOptions>, Sighting]> = [
    [{}, syn],
    [{ traceDomain: "other" }, syn],
    [{}, { ...syn, sequence: 8 }],
    [{}, { ...syn, sourcePort: 40_010 }],
    [{}, { ...syn, source: "10.0.0.3" }],
    [{}, { ...syn, protocol: 17 }],
    [{}, { ...syn, protocol: 132 }],
    [{}, { ...syn, fragment: true, sourcePort: 0, destinationPort: 0 }],
  ];
  const ids = await Promise.all(others.map(async ([table, sighting]) => (await records(table, sighting))[0]!.traceId));
  assert.equal(new Set(ids).size, others.length);
});

Deno.test("flows without a number share a trace id within a window of time, whose edge lies elsewhere for each tuple", async () => {
  const windowS = 100;
  const edges: number[] = [];
  for (let port = 41_000; port < 41_007; port++) {
    const ids: string[] = [];
    const rig = await openTableRig({ table: { traceIdTimeoutS: windowS, udpTimeoutMs: 500 } });
    for (let second = 0; second < 3 * windowS; second++) {
      rig.at(second * 1_000);
      rig.slots.see({ ...there, sourcePort: port, atNs: rig.nowNs });
      rig.count();
      ids.push(rig.flush()[0]!.traceId);
    }
    const changes = ids.flatMap((id, second) => second && id !== ids[second - 1] ? [second] : []);
    assert.equal(changes.length, 3, "one edge a window");
    assert.deepEqual(changes.map((second) => second - changes[0]!), [0, windowS, 2 * windowS]);
    assert.equal(new Set(ids).size, 4);
    edges.push(changes[0]!);
  }
  assert(new Set(edges).size > 1, `edges at ${edges}`);
});

Deno.test("an id is fixed for an entry's life, past the edges of windows", async () => {
  const rig = await openTableRig({ table: { traceIdTimeoutS: 1, maxRecordIntervalMs: 700, udpTimeoutMs: 60_000 } });
  const seen: RecordView[] = [];
  for (let ms = 0; ms < 7_000; ms += 700) {
    rig.at(ms);
    rig.slots.see({ atNs: rig.nowNs });
    rig.count();
    seen.push(...rig.sweep());
  }
  seen.push(...rig.flush());
  assert.equal(seen.length, 10);
  assert.equal(new Set(seen.map(({ traceId }) => traceId)).size, 1);
  assert.equal(new Set(seen.map(({ spanId }) => spanId)).size, seen.length);
  assert.deepEqual(seen.map(({ number }) => number), seen.map((_, i) => i + 1));
});

Deno.test("a handshake that is read before the first record still names the connection", async () => {
  const rig = await openTableRig();
  rig.slots.see({ ...there, protocol: 6, tcpFlags: ACK, firstNs: START_NS + 30n * MS, atNs: START_NS + 31n * MS });
  rig.count();
  rig.slots.see({ ...there, ifindex: 3, ingressIfindex: 3, protocol: 6, tcpFlags: SYN, sequence: 7, atNs: START_NS });
  rig.count();
  const [late] = rig.flush();
  const [syn] = await records({}, { ...there, protocol: 6, tcpFlags: SYN, sequence: 7 });
  assert.equal(late!.traceId, syn!.traceId);
});

/** The table's Community IDs against the public specification. */
import assert from "node:assert/strict";
import { communityId } from "../support/community_id.ts";
import { CALCULATED, SPECIFICATION_BASELINE } from "../support/community_id_baseline.ts";
import { Random } from "../support/random.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { openTableRig } from "../support/table_rig.ts";

const ICMP = 1;
const ICMPV6 = 58;
const WITH_PORTS = [ICMP, ICMPV6, 6, 17, 132];

interface Tuple {
  protocol: number;
  source: string;
  destination: string;
  ports: readonly [number, number];
}

/** The table's ids of tuples, in their order. */
async function tableIds(seed: number, tuples: readonly Tuple[]): Promise<string[]> {
  const rig = await openTableRig({ table: { communityIdSeed: seed } });
  const ids: string[] = [];
  for (const { protocol, source, destination, ports: [sourcePort, destinationPort] } of tuples) {
    const sighting: Sighting = { protocol, source, destination, sourcePort, destinationPort };
    rig.slots.see(sighting, 0);
    rig.count();
    const records = rig.flush();
    assert.equal(records.length, 1);
    ids.push(records[0]!.communityId);
  }
  return ids;
}

Deno.test("Community IDs are those that the specification's authors published and calculated, at both seeds", async () => {
  const cases = [...SPECIFICATION_BASELINE, ...CALCULATED].map(({ ports, ...rest }) => ({
    ports: ports ?? [0, 0] as const,
    ...rest,
  }));
  assert(cases.length >= 20);
  for (const seed of [0, 1] as const) {
    const published = cases.map(({ ids }) => ids[seed]);
    // the second implementation is right, too
    assert.deepEqual(
      cases.map(({ protocol, source, destination, ports }) => communityId(seed, protocol, source, destination, ports)),
      published,
    );
    assert.deepEqual(await tableIds(seed, cases), published);
  }
});

function randomTuple(random: Random): Tuple {
  const isIpv6 = random.oneIn(2);
  const digit = () => random.pick([0, 1, 127, 128, 255, random.below(256)]);
  const host = isIpv6
    ? () =>
      `${random.pick(["2001:db8", "fe80", "64:ff9b"])}::${random.pick([0, 1, 0x7fff, 0x8000, 0xffff]).toString(16)}`
    : () => `${digit()}.${digit()}.${digit()}.${digit()}`;
  const protocol = random.oneIn(3) ? random.below(256) : random.pick([...WITH_PORTS, 47, 0, 255]);
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  const port = () => random.pick([0, 1, 255, 256, 32_767, 32_768, 65_535, random.below(65_536)]);
  const types = protocol === ICMP ? 20 : 162;
  const ports = isIcmp ? [random.below(types), random.below(16)] as const : [port(), port()] as const;
  const source = host();
  return {
    protocol,
    source,
    destination: random.oneIn(4) ? source : host(),
    // the kernel program has ports of no other protocol
    ports: WITH_PORTS.includes(protocol) ? ports : [0, 0],
  };
}

Deno.test("Community IDs of any tuple, and of its answer, are the second implementation's", async () => {
  const random = new Random(104_729);
  const tuples = Array.from({ length: 1_500 }, () => randomTuple(random));
  for (const seed of [0, 1, 65_535]) {
    const expected = tuples.map((tuple) =>
      communityId(seed, tuple.protocol, tuple.source, tuple.destination, tuple.ports)
    );
    assert.deepEqual(await tableIds(seed, tuples), expected);
  }
  const answers = tuples.filter(({ protocol }) => protocol !== ICMP && protocol !== ICMPV6);
  const swapped = answers.map(({ source, destination, ports, ...rest }) => ({
    ...rest,
    source: destination,
    destination: source,
    ports: [ports[1], ports[0]] as const,
  }));
  assert.deepEqual(await tableIds(0, swapped), await tableIds(0, answers));
});

Deno.test("every ICMP type has its counterpart's Community ID, and only its", async () => {
  for (const [protocol, types] of [[ICMP, 256], [ICMPV6, 256]] as const) {
    const [source, destination] = protocol === ICMP ? ["192.0.2.1", "192.0.2.9"] : ["2001:db8::1", "2001:db8::9"];
    const tuples = Array.from(
      { length: types },
      (_, type) => ({ protocol, source, destination, ports: [type, 3] as const }),
    );
    const expected = tuples.map(({ ports }) => communityId(0, protocol, source, destination, ports));
    assert.deepEqual(await tableIds(0, tuples), expected);
  }
});

Deno.test("fragments of a protocol with ports have the id of their addresses and protocol alone", async () => {
  const rig = await openTableRig();
  rig.slots.see({ protocol: 17, fragment: true, sourcePort: 0, destinationPort: 0 });
  rig.count();
  const [record] = rig.flush();
  assert.equal(record!.communityId, communityId(0, 17, "10.0.0.1", "10.0.0.2"));
});

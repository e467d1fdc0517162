/** One hash in three languages: the kernel program's, the table's and the tests' own say the same of every tuple. */
import assert from "node:assert/strict";
import { KEEP_ALL, samplingOf } from "../src/sampling.ts";
import { ethernet, icmp, icmp6, ipv4, ipv6, type Layer, packet, raw, sctp, tcp, udp } from "./support/packet.ts";
import { ProgramProbe } from "./support/program_probe.ts";
import { type Random, randomTest } from "./support/random.ts";
import { type SampledTuple, samplingHash } from "./support/sampling_hash.ts";
import { openTableRig } from "./support/table_rig.ts";

const TUPLES = 2_003;
const PROBES = 7;
const PACKETS_PER_PROBE = 307;

function randomTuple(random: Random): SampledTuple {
  const isIpv6 = random.oneIn(2);
  const address = () =>
    isIpv6
      ? Array.from({ length: 8 }, () => (0x2000 + random.below(0x1000)).toString(16)).join(":")
      : `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
  const protocol = random.pick([6, 17, 132, 47, isIpv6 ? 58 : 1]);
  const hasPorts = protocol !== 47;
  return {
    protocol,
    source: address(),
    destination: address(),
    sourcePort: hasPorts ? random.below(protocol === 1 || protocol === 58 ? 256 : 65_536) : 0,
    destinationPort: hasPorts ? random.below(protocol === 1 || protocol === 58 ? 256 : 65_536) : 0,
  };
}

function turned({ protocol, source, destination, sourcePort, destinationPort }: SampledTuple): SampledTuple {
  return {
    protocol,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

function frameOf({ protocol, source, destination, sourcePort, destinationPort }: SampledTuple) {
  const ip = source.includes(":") ? ipv6({ source, destination }) : ipv4({ source, destination });
  const ports = { source: sourcePort, destination: destinationPort };
  const transports: Record<number, () => Layer> = {
    1: () => icmp(sourcePort, destinationPort),
    6: () => tcp(ports),
    17: () => udp(ports),
    47: () => raw(47, 0, 0, 0, 0),
    58: () => icmp6(sourcePort, destinationPort),
    132: () => sctp(ports),
  };
  return packet(ethernet(), ip, transports[protocol]!(), 7);
}

Deno.test("samplingOf() makes odd multipliers from the seed, and a threshold from the rate", () => {
  const of = (rate: number, seed = 0) => samplingOf({ rate, seed, keep_failures: false })!;
  assert.equal(samplingOf({ rate: 1, seed: 0, keep_failures: true }), undefined, "every flow is kept");
  assert.equal(of(0).threshold, 0n);
  assert.equal(of(0.25).threshold, KEEP_ALL / 4n);
  assert.deepEqual(of(0.5).multipliers, of(0.1).multipliers, "who samples more keeps what the others keep");
  assert.notDeepEqual(of(0.5, 1).multipliers, of(0.5).multipliers);
  const odd = [of(0.5), of(0.5, 1), of(0.5, 4_294_967_295)].flatMap(({ multipliers }) => multipliers);
  assert.equal(new Set(odd).size, 15);
  for (const multiplier of odd) assert.equal(multiplier & 1n, 1n);
});

randomTest("the table's hash is the same as the oracle's, in both directions", async (random) => {
  const sampling = samplingOf({ rate: 0.5, seed: random.u32(), keep_failures: true })!;
  const rig = await openTableRig({ memory: { slots: 8_192 }, table: { sampling } });
  for (let i = 0; i < TUPLES; i++) {
    const tuple = randomTuple(random);
    rig.slots.see(tuple);
    if (random.oneIn(2)) rig.slots.see(turned(tuple));
  }
  rig.count();
  const records = rig.flush();
  // a flow of a tuple and the one turned round has one record, unless its ICMP is a question that nothing answers
  assert.ok(records.length >= TUPLES);
  for (const record of records) {
    const expected = samplingHash(record, sampling);
    assert.equal(BigInt(record.samplingHash), expected, `${record.source} ${record.destination}`);
    assert.equal(samplingHash(turned(record), sampling), expected);
  }
});

randomTest("the flow program leaves out the flows that the oracle does, in both directions", (random) => {
  for (let i = 0; i < PROBES; i++) {
    const rate = random.pick([0, 0.01, 0.5, 0.9, 0.999]);
    const sampling = samplingOf({ rate, seed: random.u32(), keep_failures: false })!;
    using probe = new ProgramProbe({ sampling, ringBytes: 1 << 18 });
    for (let j = 0; j < PACKETS_PER_PROBE; j++) {
      const tuple = randomTuple(random);
      const isKept = samplingHash(tuple, sampling) < sampling.threshold;
      for (const sent of [tuple, turned(tuple)]) {
        assert.equal(probe.feed(frameOf(sent)).term, isKept ? "accounted" : "sampled_out", JSON.stringify(sent));
      }
    }
  }
});

randomTest("the flow program keeps every flow when failures are to be kept", (random) => {
  const sampling = samplingOf({ rate: 0, seed: random.u32(), keep_failures: true })!;
  using probe = new ProgramProbe({ sampling });
  for (let j = 0; j < 101; j++) assert.equal(probe.feed(frameOf(randomTuple(random))).term, "accounted");
});

randomTest("the share of flows that is kept is the rate, for neighbours as for strangers", (random) => {
  const flows = 20_011;
  const neighbour = (i: number) => ({
    protocol: 6,
    source: `10.1.${(i >> 8) & 255}.${i & 255}`,
    destination: "10.96.0.1",
    sourcePort: 32_768 + i % 28_000,
    destinationPort: 443,
  });
  for (const rate of [0.01, 0.1, 0.5]) {
    const sampling = samplingOf({ rate, seed: random.u32(), keep_failures: false })!;
    for (const tupleOf of [neighbour, () => randomTuple(random)]) {
      let kept = 0;
      for (let i = 0; i < flows; i++) if (samplingHash(tupleOf(i), sampling) < sampling.threshold) kept++;
      // five standard deviations: once in two million runs
      const slack = 5 * Math.sqrt(flows * rate * (1 - rate));
      assert.ok(Math.abs(kept - flows * rate) < slack, `${kept} of ${flows} at ${rate}`);
    }
  }
});

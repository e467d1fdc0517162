import assert from "node:assert/strict";
import { kernelFilter } from "../../src/capture/kernel_filter.ts";
import { FlowRecord, RECORD_BYTES, RECORD_OFFSETS as AT } from "../../src/flow_record.ts";
import { recordFilter } from "../../src/filter/record_filter.ts";
import { modelPasses } from "../support/filter_model.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";
import { type Bytes, ethernet, icmp, icmp6, ipv4, ipv6, packet, raw, tcp, udp } from "../support/packet.ts";
import { ProgramProbe } from "../support/program_probe.ts";
import { type Random, randomTest } from "../support/random.ts";
import { ADDRESSES, KERNEL_KEYS, PORTS, randomFilter } from "../support/random_filters.ts";
import { fillRandomRecord } from "../support/random_records.ts";
import { type RecordView, viewRecord } from "../support/record_view.ts";
import { mapped } from "../support/slot_writer.ts";

const FILTERS = 499;
const RECORDS_PER_FILTER = 101;
const PROGRAMS = 19;
const PACKETS_PER_PROGRAM = 211;

const DEVICES = ["lo", "eth0", "eth1", "veth7", "veth8", "br0", "wg0", "eth77", "tun0"];
const deviceOf = (id: number) => ({ name: DEVICES[id % DEVICES.length]!, ifindex: id });

/** A record of which much is what patterns are about. */
function randomRecord(random: Random): FlowRecord {
  const bytes = new Uint8Array(RECORD_BYTES);
  const chance = () => random.u32() / 2 ** 32;
  fillRandomRecord(bytes, chance, 7);
  const view = new DataView(bytes.buffer);
  const source = random.pick(ADDRESSES);
  const destination = random.pick(ADDRESSES.filter((other) => other.includes(":") === source.includes(":")));
  bytes.set(mapped(source), AT.source0);
  bytes.set(mapped(destination), AT.destination0);
  view.setUint8(AT.ipVersion, source.includes(":") ? 6 : 4);
  view.setUint16(AT.sourcePort, random.pick(PORTS), true);
  view.setUint16(AT.destinationPort, random.pick(PORTS), true);
  for (const side of [0, 2]) bytes.set([random.pick([0, 3, 8, 128]), random.pick([0, 1, 3])], AT.icmp + side);
  for (const side of [0, 1]) view.setUint8(AT.ttl0 + side, random.pick([0, 63, 64, 128, 255]));
  if (random.oneIn(2)) bytes.set([2, 0, 0], AT.mac0);
  if (random.oneIn(50)) bytes.fill(255, AT.mac0, AT.mac0 + 6);
  return new FlowRecord(bytes.buffer).moveTo(0);
}

randomTest("recordFilter() says of random records what a model says", (random) => {
  let [passed, rejected] = [0, 0];
  for (let i = 0; i < FILTERS; i++) {
    const written = randomFilter(random, 5);
    const filter = recordFilter(filterOf(written), (id) => deviceOf(id));
    for (let j = 0; j < RECORDS_PER_FILTER; j++) {
      const record = randomRecord(random);
      const expected = modelPasses(written, viewRecord(record), deviceOf);
      const told = () => `${JSON.stringify(written)} ${JSON.stringify(viewRecord(record), plainly)}`;
      assert.equal(filter?.(record) ?? true, expected, told());
      if (expected) passed++;
      else rejected++;
    }
  }
  assert.ok(Math.min(passed, rejected) > 1_009, `${passed} passed, ${rejected} did not: chance must reach both`);
});

function plainly(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

interface Packet {
  frame: Bytes;
  protocol: number;
  from: string;
  to: string;
  fromPort: number;
  toPort: number;
}

function randomPacket(random: Random): Packet {
  const from = random.pick(ADDRESSES);
  const isIpv6 = from.includes(":");
  const to = random.pick(ADDRESSES.filter((other) => other.includes(":") === isIpv6));
  const ip = isIpv6 ? ipv6({ source: from, destination: to }) : ipv4({ source: from, destination: to });
  const [fromPort, toPort] = [random.pick(PORTS), random.pick(PORTS)];
  const ends = { source: fromPort, destination: toPort };
  const transport = random.pick([6, 17, 47, isIpv6 ? 58 : 1]);
  switch (transport) {
    case 6:
      return { frame: packet(ethernet(), ip, tcp(ends), 7), protocol: 6, from, to, fromPort, toPort };
    case 17:
      return { frame: packet(ethernet(), ip, udp(ends), 7), protocol: 17, from, to, fromPort, toPort };
    case 47:
      return { frame: packet(ethernet(), ip, raw(47, 0, 0, 0, 0)), protocol: 47, from, to, fromPort: 0, toPort: 0 };
    default: {
      const [type, code] = [random.pick([3, 8, 129]), random.pick([0, 1])];
      const message = isIpv6 ? icmp6(type, code) : icmp(type, code);
      return { frame: packet(ethernet(), ip, message, 7), protocol: transport, from, to, fromPort: type, toPort: code };
    }
  }
}

/** The record that a packet's flow has when its sender began it, or the other end. */
function flowOf({ protocol, from, to, fromPort, toPort }: Packet, begins: "sender" | "receiver"): RecordView {
  const message = { packetsTotal: 1, icmpType: fromPort, icmpCode: toPort };
  const [source, destination, sourcePort, destinationPort] = begins === "sender"
    ? [from, to, fromPort, toPort]
    : [to, from, toPort, fromPort];
  return {
    what: 0,
    protocol,
    ipVersion: from.includes(":") ? 6 : 4,
    isFragment: false,
    source,
    destination,
    sourcePort,
    destinationPort,
    interfaces: [1],
    sourceMac: "000000000000",
    forward: message,
    reverse: message,
    has: () => false,
  } as unknown as RecordView;
}

function canPass(written: WrittenFilter, packet: Packet): boolean {
  return (["sender", "receiver"] as const).some((begins) => modelPasses(written, flowOf(packet, begins), deviceOf));
}

randomTest("the flow program keeps out exactly the packets whose flow a model rejects, whoever began it", (random) => {
  let [filtered, counted] = [0, 0];
  for (let i = 0; i < PROGRAMS; i++) {
    const written = randomFilter(random, 3, KERNEL_KEYS);
    using probe = new ProgramProbe({ filter: kernelFilter(filterOf(written)) });
    for (let j = 0; j < PACKETS_PER_PROGRAM; j++) {
      const sent = randomPacket(random);
      const { term } = probe.feed(sent.frame);
      const told = `${JSON.stringify(written)} ${JSON.stringify({ ...sent, frame: sent.frame.toHex() })}`;
      const isIcmp = [1, 58].includes(sent.protocol);
      if (term === "filtered") {
        filtered++;
        assert.ok(!canPass(written, sent), `filtered, but may pass: ${told}`);
      } else {
        counted++;
        assert.equal(term, "accounted");
        // of ICMP a record's ports may be another message's
        if (!isIcmp) assert.ok(canPass(written, sent), `counted, but cannot pass: ${told}`);
      }
    }
  }
  assert.ok(Math.min(filtered, counted) > 101, `${filtered} filtered, ${counted} counted: chance must reach both`);
});

/**
 * What filters and sampling cost. In the kernel: a packet that is kept out against one that is counted, and a counted
 * one that a filter looked at. In user space: what judging a record takes, against what it takes to hand one out.
 */
import { kernelFilter } from "../../src/capture/kernel_filter.ts";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import { RecordGate } from "../../src/filter/record_gate.ts";
import { type Sampling, samplingOf } from "../../src/sampling.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";
import { type FlowLab, openFlowLab } from "../support/flow_lab.ts";
import { meaning } from "../support/meanings.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";
import { type BenchOptions, type Figure, quietMean } from "./figure.ts";
import { frame } from "./kernel.ts";
import { cpuNs, openTableBed, SECOND_NS } from "./table_bed.ts";

const PROTOCOL_TCP = 6;
const FRAMES = {
  IPv4: frame({ version: 4, protocol: PROTOCOL_TCP, payloadBytes: 0 }),
  IPv6: frame({ version: 6, protocol: PROTOCOL_TCP, payloadBytes: 0 }),
};
/** A filtered packet over a counted one. */
const RATIO_MOST = 1;
/** A record judged over one handed out: without a filter, and with one that says something by every key. */
const UNFILTERED_RATIO_MOST = 0.1;
const EVERY_KEY_RATIO_MOST = 1;
const GATE_RECORDS = 4_096;

/** So many prefixes that the bench's addresses are in none of, or in the last. */
function prefixes(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `172.${16 + (i >> 8)}.${i & 255}.0/24`);
}

const OURS = ["10.0.0.0/8", "fd00::/8"];

/** Filters, with a pattern that lets the bench's packets pass and one that does not. */
const KINDS: Record<string, (passes: boolean) => WrittenFilter> = {
  "one protocol": (passes) => ({ network: { transport: { match: [passes ? "tcp" : "udp"] } } }),
  "one port": (passes) => ({ destination: { port: { match: [passes ? "443" : "80"] } } }),
  "one prefix of each version": (passes) => ({ source: { address: passes ? { match: OURS } : { not_match: OURS } } }),
  "1,000 prefixes": (passes) => ({
    source: { address: { match: [...prefixes(997), ...passes ? OURS : []] } },
  }),
};

const rateOf = (rate: number) => samplingOf({ rate, seed: 1, keep_failures: false });

interface Program {
  name: string;
  filter?: WrittenFilter;
  sampling?: Sampling | undefined;
  isKeptOut: boolean;
}

const PROGRAMS: Program[] = [
  { name: "no filter", isKeptOut: false },
  ...Object.entries(KINDS).flatMap(([name, filter]) =>
    [false, true].map((isKeptOut) => ({ name, filter: filter(!isKeptOut), isKeptOut }))
  ),
  { name: "sampling", sampling: rateOf(0.9999999), isKeptOut: false },
  { name: "sampling", sampling: rateOf(0), isKeptOut: true },
];

export async function filterBench(options: BenchOptions): Promise<Figure[]> {
  return [...inKernel(options), ...await inUserSpace(options)];
}

function inKernel({ smoke, say }: BenchOptions): Figure[] {
  const [rounds, repeat] = smoke ? [3, 1_000] : [40, 100_000];
  const labs = PROGRAMS.map(({ filter, sampling }) =>
    openFlowLab({ purpose: "live", filter: filter && kernelFilter(filterOf(filter)), sampling })
  );
  try {
    return Object.entries(FRAMES).flatMap(([version, data]) => {
      say(`${version}: ${rounds} rounds of ${repeat} packets`);
      const times = PROGRAMS.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        labs.forEach((lab, i) => times[i]!.push(run(lab, data, repeat)));
      }
      labs.forEach((lab, i) => check(lab, PROGRAMS[i]!));
      return figuresOf(version, times.map(quietMean));
    });
  } finally {
    for (const lab of labs) lab[Symbol.dispose]();
  }
}

function run({ kernel, program }: FlowLab, data: Uint8Array<ArrayBuffer>, repeat: number): number {
  return kernel.testRun(program.fd("ethernet", "ingress"), { data, repeat }).durationNs;
}

/** Packets went the way whose price is asked for. */
function check({ kernelBooks }: FlowLab, { name, isKeptOut }: Program): void {
  const { accounted, filtered, sampled_out } = kernelBooks.terms();
  const [wanted, other] = isKeptOut
    ? [filtered.packets + sampled_out.packets, accounted.packets]
    : [accounted.packets, filtered.packets + sampled_out.packets];
  if (!wanted || other) throw new Error(`${name}: ${other} packets went the other way`);
}

function figuresOf(version: string, ns: number[]): Figure[] {
  const counted = ns[0]!;
  return PROGRAMS.map(({ name, isKeptOut }, i) => ({
    name: `filter, ${version}, ${name}, ${isKeptOut ? "kept out" : "counted"}`,
    value: i === 0 ? counted : ns[i]! / counted,
    unit: i === 0 ? "ns/packet" : "×",
    ...(isKeptOut ? { most: RATIO_MOST } : {}),
    ...(i === 0 ? {} : { note: `${ns[i]!.toFixed(1)} ns with the call, of a counted packet's ${counted.toFixed(1)}` }),
  }));
}

/** Every key that user space decides, and those of the kernel once more. None keeps the bench's records out. */
const ALL_KEYS: WrittenFilter = {
  source: { address: { not_match: prefixes(97) }, port: { not_match: ["65535"] } },
  destination: { address: { not_match: prefixes(97) }, port: { not_match: ["65535"] } },
  network: {
    transport: { not_match: ["ospfigp"] },
    type: { match: ["ipv*"] },
    interface_name: { match: ["eth*"] },
    interface_mac: { not_match: ["ff:*"] },
  },
  flow: {
    connection_state: { match: ["*"] },
    ip_dscp_name: { match: ["*"] },
    ip_ecn_name: { match: ["*"] },
    ip_ttl: { match: ["0-255"] },
    ip_flow_label: { match: ["0-1048575"] },
    icmp_type_name: { match: ["*"] },
    icmp_code_name: { match: ["*"] },
    tcp_flags_tags: { not_match: ["none"] },
  },
};

async function inUserSpace({ smoke, say }: BenchOptions): Promise<Figure[]> {
  say("records");
  const rounds = smoke ? 3 : 60;
  const handOut = await handOutNs(smoke ? 1_000 : 50_000);
  const device = { name: "eth0", ifindex: 2 };
  const gates: Array<[name: string, gate: RecordGate, most?: number]> = [
    ["no filter", new RecordGate({ interfaceOf: () => device }), UNFILTERED_RATIO_MOST],
    [
      "one port",
      new RecordGate({ interfaceOf: () => device, filter: filterOf({ source: { port: { not_match: ["7"] } } }) }),
    ],
    [
      "every key",
      new RecordGate({ interfaceOf: () => device, filter: filterOf(ALL_KEYS) }),
      EVERY_KEY_RATIO_MOST,
    ],
    [
      "sampling with failures kept",
      new RecordGate({
        interfaceOf: () => device,
        sampling: samplingOf({ rate: 0.5, seed: 1, keep_failures: true }),
      }),
    ],
  ];
  const records = randomRecords();
  const figures: Figure[] = [{ name: "filter, a record handed out by the table", value: handOut, unit: "ns/record" }];
  for (const [name, gate, most] of gates) {
    const times = Array.from({ length: rounds }, () => cpuNs(() => judgeAll(gate, records)) / GATE_RECORDS);
    figures.push({
      name: `filter, a record judged / handed out, ${name}`,
      value: quietMean(times) / handOut,
      unit: "×",
      ...(most === undefined ? {} : { most }),
      note: `${quietMean(times).toFixed(0)} ns`,
    });
  }
  return figures;
}

function randomRecords(): FlowRecord {
  const bytes = new Uint8Array(GATE_RECORDS * RECORD_BYTES);
  const random = seededRandom(20_261_126);
  for (let i = 0; i < GATE_RECORDS; i++) {
    fillRandomRecord(bytes.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), random, 28);
  }
  return new FlowRecord(bytes.buffer);
}

const MEANING = meaning("CLIENT");

function judgeAll(gate: RecordGate, records: FlowRecord): void {
  for (let i = 0; i < GATE_RECORDS; i++) gate.admit(records.moveTo(i * RECORD_BYTES), () => MEANING);
}

/** What the table takes to make a record, its names included. */
async function handOutNs(flows: number): Promise<number> {
  const { table, feed, out } = await openTableBed(flows);
  for (let first = 0; first < flows;) {
    const count = Math.min(feed.capacity, flows - first);
    feed.putEach(first, count, 0, SECOND_NS);
    table.drain(count);
    first += count;
  }
  const times: number[] = [];
  table.rewind();
  for (let state = -1; state !== 1;) {
    const before = table.produced();
    const ns = cpuNs(() => state = table.flush(1_000));
    const made = table.produced() - before;
    if (made > 500) times.push(ns / made);
    out.take(Infinity, () => {});
  }
  return quietMean(times);
}

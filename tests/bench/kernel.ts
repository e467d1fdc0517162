/**
 * What one packet of a resident flow costs in the kernel: weir's program beside the conventional one
 * (conventional.bpf.c), both net of what running an empty program costs, by BPF_PROG_TEST_RUN.
 */
import { encodeKnobs, TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import { openFlowLab } from "../support/flow_lab.ts";
import { type BenchOptions, type Figure, quietMean } from "./figure.ts";

const RATIO_MOST = 0.35;
/** The shortest idle timeout of the defaults: the check for it is part of the price. */
const IDLE_GAP_MS = 10_000;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_ACK = 0x10;
const ETHERNET_BYTES = 14;

interface FrameOptions {
  version: 4 | 6;
  protocol: number;
  payloadBytes: number;
}

/** An Ethernet frame of a flow in full swing, to port 443. No checksums: nobody looks at them here. */
export function frame({ version, protocol, payloadBytes }: FrameOptions): Uint8Array<ArrayBuffer> {
  const networkBytes = version === 4 ? 20 : 40;
  const transportBytes = (protocol === PROTOCOL_TCP ? 20 : 8) + payloadBytes;
  const bytes = new Uint8Array(ETHERNET_BYTES + networkBytes + transportBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  view.setUint16(12, version === 4 ? 0x0800 : 0x86dd);
  const network = ETHERNET_BYTES;
  if (version === 4) {
    view.setUint8(network, 0x45);
    view.setUint16(network + 2, networkBytes + transportBytes);
    bytes.set([64, protocol], network + 8);
    bytes.set([10, 0, 0, 1, 10, 0, 0, 2], network + 12);
  } else {
    view.setUint8(network, 0x60);
    view.setUint16(network + 4, transportBytes);
    bytes.set([protocol, 64], network + 6);
    bytes.set([0xfd, ...new Array(14).fill(0), 1, 0xfd, ...new Array(14).fill(0), 2], network + 8);
  }
  const transport = network + networkBytes;
  view.setUint16(transport, 41_234);
  view.setUint16(transport + 2, 443);
  if (protocol === PROTOCOL_TCP) {
    bytes.set([0x50, TCP_ACK], transport + 12);
    view.setUint16(transport + 14, 1_000);
  } else {
    view.setUint16(transport + 4, transportBytes);
  }
  return bytes;
}

const FLOWS: Array<{ name: string; frame: Uint8Array<ArrayBuffer>; judged: boolean }> = [
  { name: "IPv4 TCP", frame: frame({ version: 4, protocol: PROTOCOL_TCP, payloadBytes: 0 }), judged: true },
  { name: "IPv6 TCP", frame: frame({ version: 6, protocol: PROTOCOL_TCP, payloadBytes: 0 }), judged: true },
  // one segment again and again: every one walks the retransmit path, the dearest that there is
  {
    name: "IPv4 TCP repeated",
    frame: frame({ version: 4, protocol: PROTOCOL_TCP, payloadBytes: 100 }),
    judged: false,
  },
  { name: "IPv4 UDP", frame: frame({ version: 4, protocol: PROTOCOL_UDP, payloadBytes: 100 }), judged: false },
  { name: "IPv6 UDP", frame: frame({ version: 6, protocol: PROTOCOL_UDP, payloadBytes: 100 }), judged: false },
];

// deno-lint-ignore require-await
export async function kernelBench({ smoke, say }: BenchOptions): Promise<Figure[]> {
  const rounds = smoke ? 3 : 120;
  const repeat = smoke ? 1_000 : 100_000;
  using lab = openFlowLab({ purpose: "live", idleGapMs: IDLE_GAP_MS });
  const image = Deno.readFileSync(new URL("../../.output/conventional.bpf.o", import.meta.url));
  const other = lab.kernel.load(image, {
    programs: ["conventional", "empty"],
    mapEntries: {},
    knobs: encodeKnobs(lab.plan, { idleGapMs: IDLE_GAP_MS, ...TUNNEL_PORTS }),
  });
  try {
    const programs = {
      empty: other.programFd("empty"),
      conventional: other.programFd("conventional"),
      weir: lab.program.fd("ethernet", "ingress"),
    };
    const figures: Figure[] = [];
    for (const flow of FLOWS) {
      say(`${flow.name}: ${rounds} rounds of ${repeat} packets`);
      const times: Record<keyof typeof programs, number[]> = { empty: [], conventional: [], weir: [] };
      for (let round = 0; round < rounds; round++) {
        for (const name of ["empty", "weir", "conventional"] as const) {
          times[name].push(lab.kernel.testRun(programs[name], { data: flow.frame, repeat }).durationNs);
        }
      }
      figures.push(...figuresOf(flow.name, flow.judged, times));
    }
    return figures;
  } finally {
    other.close();
  }
}

function figuresOf(
  flow: string,
  judged: boolean,
  times: { empty: number[]; conventional: number[]; weir: number[] },
): Figure[] {
  const empty = quietMean(times.empty);
  const weir = quietMean(times.weir) - empty;
  const conventional = quietMean(times.conventional) - empty;
  return [
    {
      name: `kernel, ${flow}, weir`,
      value: weir,
      unit: "ns/packet",
      note: `net of an empty program's ${empty.toFixed(1)} ns`,
    },
    { name: `kernel, ${flow}, conventional`, value: conventional, unit: "ns/packet" },
    {
      name: `kernel, ${flow}, weir / conventional`,
      value: weir / conventional,
      unit: "×",
      ...(judged ? { most: RATIO_MOST } : {}),
    },
  ];
}

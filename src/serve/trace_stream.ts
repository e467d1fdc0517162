/** A packet trace as a stream of JSON lines: one for each packet, as they are taken, and one at the end. */
import type { Agent } from "../agent.ts";
import type { PacketTrace, TracedPacket } from "../capture/trace/packet_trace.ts";
import { type Clock, systemClock } from "../clock.ts";
import { log } from "../log.ts";
import type { TraceRequest } from "./trace_request.ts";

/** How long packets wait in the kernel until they are looked for again. */
const LOOK_MS = 50;
/** Packets in one piece of the stream. */
const PIECE_PACKETS = 256;
const NS_PER_MS = 1_000_000n;

/** A packet, and where and when it was. */
export interface TraceLine extends Omit<TracedPacket, "timeNs" | "ifindex" | "ingressIfindex"> {
  /** Since 1970, ns. */
  time_unix_nano: string;
  interface: string;
  /** By which it entered this host; null: sent by this host. */
  ingress_interface: string | null;
}

/** The last line. */
export interface TraceEnd {
  end: "count" | "duration" | "off";
  devices: number;
  matched: number;
  shown: number;
  over_rate: number;
  no_room: number;
}

/** Begins a trace. It ends by itself, or with its reader. Throws KernelError. */
export async function openTraceStream(
  agent: Agent,
  image: Uint8Array<ArrayBuffer>,
  request: TraceRequest,
  clock: Clock = systemClock,
): Promise<ReadableStream<Uint8Array>> {
  const { filter, isChosen, packetsMax, perSecondMax, durationMs } = request;
  const untilNs = clock.monotonicNs() + BigInt(durationMs) * NS_PER_MS;
  const trace = await agent.openTrace({ image, isChosen, filter, bounds: { untilNs, packetsMax, perSecondMax } });
  log.info("A packet trace goes on, on {devices} devices", { devices: trace.deviceCount });
  const lines = new TraceLines(agent, trace, clock, { untilNs, packetsMax });
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const text = await lines.next();
      if (text) controller.enqueue(new TextEncoder().encode(text));
      if (lines.isOver) controller.close();
    },
    cancel: () => trace.close(),
  });
}

class TraceLines {
  readonly #agent: Agent;
  readonly #trace: PacketTrace;
  readonly #clock: Clock;
  readonly #untilNs: bigint;
  readonly #packetsMax: number;
  #shown = 0;
  isOver = false;

  constructor(agent: Agent, trace: PacketTrace, clock: Clock, bounds: { untilNs: bigint; packetsMax: number }) {
    this.#agent = agent;
    this.#trace = trace;
    this.#clock = clock;
    this.#untilNs = bounds.untilNs;
    this.#packetsMax = bounds.packetsMax;
  }

  /** The next lines, as soon as there are some, or the last one. */
  async next(): Promise<string> {
    for (;;) {
      const isLate = this.#clock.monotonicNs() >= this.#untilNs; // asked before the last look
      const packets = this.#trace.read(Math.min(PIECE_PACKETS, this.#packetsMax - this.#shown));
      this.#shown += packets.length;
      const text = this.#linesOf(packets);
      if (this.#shown >= this.#packetsMax) return text + this.#end("count");
      if (packets.length) return text;
      if (this.#trace.isClosed) return this.#end("off");
      if (isLate) return this.#end("duration");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #linesOf(packets: TracedPacket[]): string {
    const distanceNs = this.#clock.wallNs() - this.#clock.monotonicNs();
    return packets.map(({ timeNs, ifindex, ingressIfindex, ...packet }) => {
      const line: TraceLine = {
        time_unix_nano: String(timeNs + distanceNs),
        interface: this.#nameOf(ifindex),
        ingress_interface: ingressIfindex ? this.#nameOf(ingressIfindex) : null,
        ...packet,
      };
      return `${JSON.stringify(line)}\n`;
    }).join("");
  }

  #nameOf(ifindex: number): string {
    const watched = this.#agent.devices().find(({ device }) => device.ifindex === ifindex);
    return watched?.device.name ?? `#${ifindex}`;
  }

  #end(why: TraceEnd["end"]): string {
    this.isOver = true;
    this.#trace.close();
    const { matched, overRate, noRoom } = this.#trace.counts();
    const end: TraceEnd = {
      end: why,
      devices: this.#trace.deviceCount,
      matched,
      shown: this.#shown,
      over_rate: overRate,
      no_room: noRoom,
    };
    return `${JSON.stringify(end)}\n`;
  }
}

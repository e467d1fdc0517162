/** Spans added up: what weir says that passed. */
import type { FlowSpan } from "../../src/export/span.ts";

export interface Amounts {
  frames: number;
  packets: number;
  bytes: number;
}

const NAMES = {
  forward: { frames: "weir.frames.delta", packets: "flow.packets.delta", bytes: "flow.bytes.delta" },
  reverse: {
    frames: "weir.reverse.frames.delta",
    packets: "flow.reverse.packets.delta",
    bytes: "flow.reverse.bytes.delta",
  },
} as const;
export type Direction = keyof typeof NAMES;

export function attribute(span: FlowSpan, name: string): number {
  return Number(span.attributes[name] ?? 0);
}

/** One direction of some spans, added up. */
export function sumSpans(spans: readonly FlowSpan[], direction: Direction = "forward"): Amounts {
  const names = NAMES[direction];
  const sum = (name: string) => spans.reduce((total, span) => total + attribute(span, name), 0);
  return { frames: sum(names.frames), packets: sum(names.packets), bytes: sum(names.bytes) };
}

/** What spans claim as counted: each direction where weir.counted says so. */
export function sumCounted(spans: readonly FlowSpan[]): Amounts {
  const [forward, reverse] = [sumCountedOf(spans, "forward"), sumCountedOf(spans, "reverse")];
  return {
    frames: forward.frames + reverse.frames,
    packets: forward.packets + reverse.packets,
    bytes: forward.bytes + reverse.bytes,
  };
}

/** Of one direction, what spans claim as counted. */
export function sumCountedOf(spans: readonly FlowSpan[], direction: Direction): Amounts {
  const isCounted = ({ attributes }: FlowSpan) => [direction, "both"].includes(`${attributes["weir.counted"]}`);
  return sumSpans(spans.filter(isCounted), direction);
}

/** A flow's identity as its span has it: "udp 10.0.0.1:5 10.0.0.2:6" */
export function flowName(span: FlowSpan): string {
  const { attributes } = span;
  const end = (side: string) => `${attributes[`${side}.address`]}:${attributes[`${side}.port`]}`;
  return `${attributes["network.transport"]} ${end("source")} ${end("destination")}`;
}

/** Spans by flowName. */
export function byFlow(spans: readonly FlowSpan[]): Map<string, FlowSpan[]> {
  const flows = new Map<string, FlowSpan[]>();
  for (const span of spans) {
    const name = flowName(span);
    const known = flows.get(name);
    if (known) known.push(span);
    else flows.set(name, [span]);
  }
  return flows;
}

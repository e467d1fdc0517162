/** bpf/trace.h in TypeScript. tests/layout_test.ts compares. */
import type { Hook } from "../../flow.ts";

/** What is shown. Addresses and masks have 16 bytes, IPv4 mapped. */
export interface TraceFilter {
  protocol?: number;
  /** Either end's. */
  port?: number;
  /** Either end's. */
  prefix?: { address: Uint8Array; bits: number };
}

export interface TraceBounds {
  /** CLOCK_MONOTONIC, ns. */
  untilNs: bigint;
  packetsMax: number;
  perSecondMax: number;
}

export const TRACE_KNOBS_BYTES = 56;
export const TRACE_KNOBS = {
  address: 0,
  mask: 16,
  untilNs: 32,
  shownMax: 40,
  perSecondMax: 48,
  port: 52,
  protocol: 54,
  by: 55,
} as const;

export const TRACE_BY = { PROTOCOL: 1, PORT: 2, ADDRESS: 4 } as const;

export const TRACE_STATE_BYTES = 48;
export const TRACE_STATE = { matched: 0, shown: 8, overRate: 16, noRoom: 24, second: 32, shownInSecond: 40 } as const;

export const TRACE_PACKET_BYTES = 88;
export const TRACE_PACKET = {
  timeNs: 0,
  source: 8,
  destination: 24,
  ifindex: 40,
  ingressIfindex: 44,
  bytes: 48,
  payloadBytes: 52,
  sequence: 56,
  acknowledgment: 60,
  segments: 64,
  sourcePort: 66,
  destinationPort: 68,
  ethertype: 70,
  vlan: 72,
  vlanInner: 74,
  protocol: 76,
  flags: 77,
  hook: 78,
  verdict: 79,
  tcpFlags: 80,
  ttl: 81,
} as const;

/** The programs by link and hook. */
export const TRACE_PROGRAMS: Record<"ethernet" | "ip", Record<Hook, string>> = {
  ethernet: { ingress: "weir_trace_in", egress: "weir_trace_out" },
  ip: { ingress: "weir_trace_in3", egress: "weir_trace_out3" },
};

export function encodeTraceKnobs(filter: TraceFilter, bounds: TraceBounds): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TRACE_KNOBS_BYTES);
  const view = new DataView(bytes.buffer);
  let by = 0;
  if (filter.prefix) {
    by |= TRACE_BY.ADDRESS;
    bytes.set(filter.prefix.address, TRACE_KNOBS.address);
    bytes.set(maskOf(filter.prefix.bits), TRACE_KNOBS.mask);
  }
  if (filter.port !== undefined) {
    by |= TRACE_BY.PORT;
    view.setUint16(TRACE_KNOBS.port, filter.port, true);
  }
  if (filter.protocol !== undefined) {
    by |= TRACE_BY.PROTOCOL;
    view.setUint8(TRACE_KNOBS.protocol, filter.protocol);
  }
  view.setUint8(TRACE_KNOBS.by, by);
  view.setBigUint64(TRACE_KNOBS.untilNs, bounds.untilNs, true);
  view.setBigUint64(TRACE_KNOBS.shownMax, BigInt(bounds.packetsMax), true);
  view.setUint32(TRACE_KNOBS.perSecondMax, bounds.perSecondMax, true);
  return bytes;
}

/** So many bits of 128 set, from the front. */
function maskOf(bits: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)) & 0xff);
}

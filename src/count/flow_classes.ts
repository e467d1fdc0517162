/**
 * Kinds of flows that figures tell apart: wasm/census.ts in TypeScript. Few, and always the same ones: a figure for
 * each address would be more than anybody can keep.
 */
import { Fact, type FlowRecord } from "../flow_record.ts";

export const FLOW_CLASSES = ["tcp", "udp", "icmp", "icmpv6", "sctp", "other"] as const;
export type FlowClass = (typeof FLOW_CLASSES)[number];

/** egress: begun on this node; ingress: begun elsewhere, to this node; transit: neither end is known to be here. */
export const FLOW_DIRECTIONS = ["egress", "ingress", "transit"] as const;
export type FlowDirection = (typeof FLOW_DIRECTIONS)[number];

export interface FlowCount {
  protocol: FlowClass;
  direction: FlowDirection;
  count: number;
}

const CLASS_BY_NUMBER: Record<number, FlowClass> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp" };

export function flowClass(protocol: number): FlowClass {
  return CLASS_BY_NUMBER[protocol] ?? "other";
}

export function flowDirection(record: FlowRecord): FlowDirection {
  if (record.has(Fact.LOCAL_SOURCE)) return "egress";
  return record.has(Fact.LOCAL_DESTINATION) ? "ingress" : "transit";
}

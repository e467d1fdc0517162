/** The nouns that stages share. */
import type { FlowNames } from "./attribute_sets.ts";
import type { Amount } from "./books.ts";

/** Where a device's traffic is seen; the numbers are the kernel program's. */
export type Hook = "ingress" | "egress";

export const HOOKS: readonly Hook[] = ["ingress", "egress"];

/** Whether packets of a device begin with an Ethernet header or with their IP header. */
export type Link = "ethernet" | "ip";

/** Place among the programs on a tcx hook. */
export type TcxOrder = "first" | "last";

/** Whose flow it is, seen from this node: the initiator's side (CLIENT), the responder's (SERVER), or neither's. */
export const SPAN_KINDS = ["INTERNAL", "SERVER", "CLIENT"] as const;
export type SpanKind = typeof SPAN_KINDS[number];

/** What a flow means beyond its record. */
export interface Meaning extends FlowNames {
  readonly kind: SpanKind;
}

/** What was taken from the slots of one interface, by hook. */
export type InterfaceTaken = Record<Hook, Amount>;

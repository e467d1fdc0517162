/** The nouns that stages share. */

/** Where a device's traffic is seen; the numbers are the kernel program's. */
export type Hook = "ingress" | "egress";

export const HOOKS: readonly Hook[] = ["ingress", "egress"];

/** Whether packets of a device begin with an Ethernet header or with their IP header. */
export type Link = "ethernet" | "ip";

/** Place among the programs on a tcx hook. */
export type TcxOrder = "first" | "last";

/** Names of numbers in packets: what IANA's registries call them, in the spelling of attribute values. */

/** IP protocol numbers (IANA), as network.transport has them. Others are "protocol-N". */
const PROTOCOLS: Record<number, string> = {
  0: "hopopt",
  1: "icmp",
  2: "igmp",
  3: "ggp",
  4: "ipv4",
  5: "st",
  6: "tcp",
  7: "cbt",
  8: "egp",
  9: "igp",
  12: "pup",
  17: "udp",
  20: "hmp",
  22: "xns-idp",
  27: "rdp",
  28: "irtp",
  29: "iso-tp4",
  33: "dccp",
  36: "xtp",
  37: "ddp",
  41: "ipv6",
  43: "ipv6-route",
  44: "ipv6-frag",
  45: "idrp",
  46: "rsvp",
  47: "gre",
  48: "dsr",
  50: "esp",
  51: "ah",
  54: "narp",
  55: "min-ipv4",
  57: "skip",
  58: "icmpv6",
  59: "ipv6-nonxt",
  60: "ipv6-opts",
  66: "rvd",
  73: "cphb",
  81: "vmtp",
  84: "iptm",
  88: "eigrp",
  89: "ospf",
  92: "mtp",
  93: "ax.25",
  94: "ipip",
  97: "etherip",
  98: "encap",
  102: "pnni",
  103: "pim",
  108: "ipcomp",
  111: "ipx-in-ip",
  112: "vrrp",
  113: "pgm",
  115: "l2tp",
  123: "ptp",
  124: "isis",
  127: "crudp",
  132: "sctp",
  133: "fc",
  134: "rsvp-e2e-ignore",
  135: "mobility-header",
  136: "udplite",
  137: "mpls-in-ip",
  138: "manet",
  139: "hip",
  140: "shim6",
  141: "wesp",
  142: "rohc",
  143: "ethernet",
  144: "aggfrag",
  145: "nsh",
};

export function protocolName(protocol: number): string {
  return PROTOCOLS[protocol] ?? `protocol-${protocol}`;
}

/** All that a protocol can be asked for by: its name, and its number. */
export function protocolNames(protocol: number): [name: string, number: string] {
  return [protocolName(protocol), String(protocol)];
}

/** DSCP (RFC 2474, 2597, 3246, 5865, 8622, 9956). */
const DSCP: Record<number, string> = {
  0: "df",
  1: "le",
  8: "cs1",
  10: "af11",
  12: "af12",
  14: "af13",
  16: "cs2",
  18: "af21",
  20: "af22",
  22: "af23",
  24: "cs3",
  26: "af31",
  28: "af32",
  30: "af33",
  32: "cs4",
  34: "af41",
  36: "af42",
  38: "af43",
  40: "cs5",
  44: "voice",
  45: "nqb",
  46: "ef",
  48: "cs6",
  56: "cs7",
};

/** undefined for a code point without a name: it is not the default one. */
export function dscpName(dscp: number): string | undefined {
  return DSCP[dscp];
}

const ECN = ["non-ect", "ect1", "ect0", "ce"] as const;

export function ecnName(ecn: number): string {
  return ECN[ecn & 3]!;
}

/** TCP flags from the lowest bit up (RFC 9293, 3.1). */
const TCP_FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"] as const;

export function tcpFlagNames(flags: number): string[] {
  return TCP_FLAGS.filter((_, bit) => flags & (1 << bit));
}

/** Why a record was made: IPFIX flowEndReason (RFC 5102, 5.11.3), in its words. */
const END_REASONS: Record<number, string> = {
  1: "idle timeout",
  2: "active timeout",
  3: "end of Flow detected",
  4: "forced end",
  5: "lack of resources",
};

/** undefined for a flow that goes on. */
export function endReasonName(reason: number): string | undefined {
  return END_REASONS[reason];
}

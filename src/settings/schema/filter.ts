/** filter: which flows are handed out. Patterns are read here, so that what is wrong with one has its place. */
import * as v from "valibot";
import { FILTER_PATTERNS_MAX, PORT_MOST } from "../../limits.ts";
import { glob } from "../../name_pattern.ts";
import { nearest } from "../nearest.ts";
import { parseAddressPattern } from "../patterns/address_pattern.ts";
import { parseLabelPattern } from "../patterns/label_pattern.ts";
import { parseNumberRange } from "../patterns/number_range.ts";
import { choice, group, listOf, setting } from "./kinds.ts";

/** A glob of a filter. */
export interface NamePattern {
  /** As it was written. */
  text: string;
}

type Read<Pattern> = (text: string) => Pattern | undefined;

/** Patterns of one kind, numbers among them written with quotation marks or without. */
function patterns<Pattern>(wanted: string, read: Read<Pattern>) {
  const pattern = v.pipe(
    v.union([v.string(), v.number()], `${wanted} is wanted`),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const text = String(dataset.value);
      let why = `${wanted} is wanted`;
      try {
        const found = read(text);
        if (found !== undefined) return found;
      } catch (error) {
        why = (error as Error).message;
      }
      addIssue({ message: `"${text}" is no pattern: ${why}` });
      return NEVER;
    }),
  );
  const few = `no more than ${FILTER_PATTERNS_MAX} patterns are possible`;
  const list = () => v.pipe(listOf(pattern), v.maxLength(FILTER_PATTERNS_MAX, few));
  return v.strictObject({
    match: setting("One of these is wanted. Empty: any.", list(), []),
    not_match: setting("None of these is wanted.", list(), []),
  });
}

const addresses = () => patterns("an address or a prefix, as 10.0.0.1 or 2001:db8::/32,", parseAddressPattern);

function ranges(most: number) {
  return patterns(`a number up to ${most} or a range, as 443 or 32000-60999,`, (text) => parseNumberRange(text, most));
}

const names = () => patterns("a name or a glob", (text): NamePattern => (glob(text), { text }));

const labels = () => patterns("a label, as app or app=web*,", parseLabelPattern);

/** Globs over names that are all known: one that meets none of them is a slip. */
function knownNames(known: readonly string[]) {
  return patterns("a name or a glob", (text): NamePattern => {
    if (known.some(glob(text, { ignoreCase: true }))) return { text };
    const near = nearest(text.toLowerCase(), known);
    throw new SyntaxError(`it meets none of ${known.join(", ")}${near ? `; did you mean "${near}"?` : ""}`);
  });
}

const STATES = [
  "syn_sent",
  "syn_received",
  "established",
  "fin_wait_1",
  "fin_wait_2",
  "close_wait",
  "closing",
  "last_ack",
  "time_wait",
  "closed",
];
const FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

function end(side: "source" | "destination") {
  return group(`The flow's ${side}.`, {
    address: choice("Its address.", addresses()),
    port: choice("Its port.", ranges(PORT_MOST)),
    namespace: choice("Its namespace in Kubernetes.", names()),
    pod: choice("Its pod.", names()),
    label: choice("A label of its pod.", labels()),
  });
}

export const filter = group("Which flows are handed out: those that every key here lets pass.", {
  source: end("source"),
  destination: end("destination"),
  network: group("What it runs over.", {
    transport: choice("The protocol: tcp, udp, icmp, …", names()),
    type: choice("ipv4 or ipv6.", knownNames(["ipv4", "ipv6"])),
    interface_name: choice("A device that saw it.", names()),
    interface_index: choice("That device's index.", ranges(2_147_483_647)),
    interface_mac: choice("The source MAC address of its first packet.", names()),
  }),
  flow: group("What it is like.", {
    connection_state: choice("The TCP connection's state.", knownNames(STATES)),
    ip_dscp_name: choice("The DSCP's name, or its number.", names()),
    ip_ecn_name: choice("The ECN's name.", knownNames(["non-ect", "ect0", "ect1", "ce"])),
    ip_ttl: choice("TTL or hop limit.", ranges(255)),
    ip_flow_label: choice("The IPv6 flow label.", ranges(1_048_575)),
    icmp_type_name: choice("The ICMP type's name.", names()),
    icmp_code_name: choice("The ICMP code's name, or its number.", names()),
    tcp_flags_tags: choice("A TCP flag that was seen.", knownNames(FLAGS)),
  }),
});

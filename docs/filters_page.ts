/** filters.md */
import { code, table } from "./markdown.ts";

const INTRODUCTION = `# Filters and sampling

Made by \`deno task docs\`. How patterns are written is in [settings.md](settings.md#filter).

A filter says which flows are handed out. Each key has a list \`match\` and a list \`not_match\`. A flow passes a key when no
pattern of \`not_match\` meets it, and one of \`match\` does or \`match\` is empty. It is handed out when it passes every key.

\`\`\`hcl
filter "source" {
  address = { match = ["10.0.0.0/8", "fd00::/8"], not_match = ["10.9.0.0/16"] }
}
filter "destination" {
  port = { match = ["443", "8000-8999"] }
}
filter "network" {
  transport      = { match = ["tcp", "udp"] }
  interface_name = { not_match = ["docker*"] }
}
filter "flow" {
  tcp_flags_tags = { match = ["rst"] }
}
\`\`\`

\`\`\`yaml
filter:
  source:
    address: { match: ["10.0.0.0/8", "fd00::/8"], not_match: ["10.9.0.0/16"] }
  destination:
    port: { match: [443, "8000-8999"] }
  network:
    transport: { match: [tcp, udp] }
    interface_name: { not_match: ["docker*"] }
  flow:
    tcp_flags_tags: { match: [rst] }
\`\`\``;

/** What a key looks at, and which flows it has nothing to say of. */
interface KeyRow {
  key: string;
  looksAt: string;
  others: string;
  inKernel: string;
}

const END = "one way round, at least";
const NO = "";

export const FILTER_KEYS: KeyRow[] = [
  { key: "source.address", looksAt: "the initiator's address", others: "", inKernel: END },
  {
    key: "source.port",
    looksAt: "its port; of ICMP the type; of other protocols and later fragments 0",
    others: "",
    inKernel: END,
  },
  {
    key: "source.namespace",
    looksAt: "its namespace in Kubernetes, where it has one by name",
    others: "an end without such a name meets no pattern",
    inKernel: NO,
  },
  { key: "source.pod", looksAt: "its pod's name", others: "as above", inKernel: NO },
  {
    key: "source.label",
    looksAt: "its pod's labels: `app`, `app=web*`",
    others: "as above; a label that is not extracted is none",
    inKernel: NO,
  },
  { key: "destination.address", looksAt: "the responder's address", others: "", inKernel: END },
  {
    key: "destination.port",
    looksAt: "its port; of ICMP the code; of other protocols and later fragments 0",
    others: "",
    inKernel: END,
  },
  { key: "destination.namespace", looksAt: "as the source's", others: "", inKernel: NO },
  { key: "destination.pod", looksAt: "as the source's", others: "", inKernel: NO },
  { key: "destination.label", looksAt: "as the source's", others: "", inKernel: NO },
  { key: "network.transport", looksAt: "the protocol's name, or its number", others: "", inKernel: "yes" },
  { key: "network.type", looksAt: "ipv4, or ipv6", others: "", inKernel: "yes" },
  {
    key: "network.interface_name",
    looksAt: "the devices that are looked at",
    others: "what a device sees that is left out counts where weir sees it next",
    inKernel: "yes",
  },
  { key: "network.interface_index", looksAt: "the same by index", others: "", inKernel: "yes" },
  {
    key: "network.interface_mac",
    looksAt: "source MAC address of the first packet",
    others: "without a link address: no pattern is met",
    inKernel: NO,
  },
  {
    key: "flow.connection_state",
    looksAt: "`flow.connection.state` as the span would have it",
    others: "all but TCP pass",
    inKernel: NO,
  },
  {
    key: "flow.ip_dscp_name",
    looksAt: "DSCP of the last packet, the initiator's where it was heard: name or number",
    others: "",
    inKernel: NO,
  },
  { key: "flow.ip_ecn_name", looksAt: "its ECN", others: "", inKernel: NO },
  { key: "flow.ip_ttl", looksAt: "its TTL or hop limit", others: "", inKernel: NO },
  { key: "flow.ip_flow_label", looksAt: "its flow label", others: "IPv4 passes", inKernel: NO },
  {
    key: "flow.icmp_type_name",
    looksAt: "the ICMP type's name or number, the initiator's where it was heard",
    others: "all but ICMP and ICMPv6 pass",
    inKernel: NO,
  },
  { key: "flow.icmp_code_name", looksAt: "its code's", others: "as above", inKernel: NO },
  {
    key: "flow.tcp_flags_tags",
    looksAt: "every flag that either side has sent",
    others: "all but TCP pass",
    inKernel: NO,
  },
];

const DECISION = `## When, and where

A flow is judged whenever a record of it would be handed out, by what it is like then: a flow that lasts longer than
\`span.max_record_interval\` is judged once for each record. What a record was kept back with stays booked as
\`filtered_flow\`, whatever later records of the flow come to; deltas of those are what is new since. Totals
(\`flow.packets.total\`) count everything that weir counted of the flow. \`weir flows\` shows what the table holds, before
any filter.

What is certain of a packet whoever began its flow, the kernel program decides, and such packets cost less than counted
ones: they are booked as \`filtered\`, and listed by device in \`weir books\`. The kernel does not know who began a flow. A
packet passes there when its addresses and ports can be right one way round; of ICMP, only when no type or code could be
right; of IPv6, by the first 64 bits of an address. The rest is decided in user space, with the same result. Without a
filter the program does not hold a trace of all this.

An overflow aggregate stands for flows that differ in nearly everything: it is judged by protocol, IP version and device
alone.

A filter may change while weir runs. A program with the new filter takes the place of the one before, with its flows and
its books, hook by hook: each packet meets one filter, whole, and none is lost. Flows in the table are judged by the
filter that is in force when their record is due.`;

const SAMPLING = `## Sampling

\`sampling.rate\` is the part of flows that is kept. Which those are follows from a hash of addresses, ports and protocol
with \`sampling.seed\`: both directions of a flow, and every agent with the same seed, keep the same flows, and an agent
with a higher rate keeps what those with a lower one keep, and more. ICMP and later fragments go by addresses and
protocol: fragments of a datagram may be left out where their flow is kept, and the other way round.

\`\`\`yaml
sampling: { rate: 0.1, keep_failures: true }
\`\`\`

| \`sampling.keep_failures\` | decided | booked as | cost |
| --- | --- | --- | --- |
| \`false\` | in the kernel, at each packet | \`sampled_out\` | less than counting |
| \`true\` (default) | when a record is due, by what the flow is like then | \`sampled_out_flow\` | as without sampling, but for exporting |

A flow has failed when

- it is a TCP connection that either side reset, or refused;
- it is a TCP connection whose handshake was not complete when the flow ended;
- it is an ICMP error: destination unreachable, source quench, time exceeded or parameter problem, or an ICMPv6 type
  below 128.

A connection that is reset after it had records already is kept from that record on.

Spans say \`weir.sampling.rate\` where flows like theirs may be left out. Each of them stands for 1 / rate flows, packets
and bytes: to estimate a total, divide by the rate, span by span, and take spans without the attribute as they are. The
books are no estimate: they count what was left out, to the packet.`;

export function filtersPage(): string {
  return [
    INTRODUCTION,
    "## Keys",
    table(
      ["key", "looks at", "others", "in the kernel"],
      FILTER_KEYS.map(({ key, looksAt, others, inKernel }) => [code(`filter.${key}`), looksAt, others, inKernel]),
    ),
    DECISION,
    SAMPLING,
  ].join("\n\n");
}

/** attributes.md */
import { type Attribute, ATTRIBUTES } from "../src/export/attributes.ts";
import { isStandardName } from "../src/export/standard_names.ts";
import { code, table } from "./markdown.ts";

const INTRODUCTION = `# Spans

Made from the table in \`src/export/attributes.ts\` by \`deno task docs\`. Exporters write spans by the same table.

One record of a flow is one span. A flow has one when it ends, and one for every \`span.max_record_interval\` that it
lasts; all of them carry its trace id.

| part | what it is |
| --- | --- |
| name | \`flow_<network.type>_<network.transport>\` |
| kind | CLIENT: the initiator is on this node. SERVER: the responder is. INTERNAL: neither, as far as is known |
| start | the flow's first packet |
| end | its last packet so far |
| trace id | of the connection: two nodes that see it give it the same one |
| span id | of this record of this node: a span that is sent again keeps it |
| resource | service, host, pod as the environment names it, OTEL_RESOURCE_ATTRIBUTES, \`resource_attributes\` |

\`source\` is the initiator, \`destination\` the responder. \`flow.*\` is what the initiator sent, \`flow.reverse.*\` what
came back. Names follow the flow spans proposed to OpenTelemetry; what only weir measures is under \`weir.*\`. Names that
OpenTelemetry has for the same things are marked, and left out with \`include_standard_names = false\`.

A delta is what is new since the flow's last span. Sums over spans are exact where \`weir.counted\` says so: a packet that
several points of a host see counts once.`;

const GROUPS: Array<[title: string, isOf: (name: string) => boolean]> = [
  [
    "Who, and which way",
    (name) => /^(flow\.(community_id|direction)|network\.(io|type|transport)|source|destination)/.test(name),
  ],
  ["How much", (name) => /(packets|bytes|frames)\.(delta|total)$/.test(name)],
  ["How it stands", (name) => /^flow\.(connection|end_reason)/.test(name)],
  ["Where", (name) => /^(network\.interface|weir\.(interfaces|vlan))/.test(name)],
  ["IP", (name) => /\.ip\./.test(name)],
  ["ICMP", (name) => /\.icmp\./.test(name)],
  ["TCP", (name) => /\.tcp\./.test(name)],
  ["What its numbers are worth", () => true],
];

export function attributesPage(): string {
  let rest: readonly Attribute[] = ATTRIBUTES;
  const sections = GROUPS.map(([title, isOf]) => {
    const rows = rest.filter(({ name }) => isOf(name));
    rest = rest.filter(({ name }) => !isOf(name));
    return `## ${title}\n\n${table(["attribute", "type", "there", "what it says"], rows.map(row))}`;
  });
  return [INTRODUCTION, ...sections].join("\n\n");
}

function row({ name, type, when, brief }: Attribute): string[] {
  return [code(name), type, when, isStandardName(name) ? `${brief} (OpenTelemetry's name)` : brief];
}

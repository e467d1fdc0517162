/** coming-from-netmon.md */
import { settingsSchema } from "../src/settings/schema/schema.ts";
import { view, viewAt } from "../src/settings/schema/view.ts";
import { SPELLINGS } from "../src/settings/spelling/spellings.ts";
import { code, table } from "./markdown.ts";
import { metricRow, NETMON_METRICS } from "./metric_names.ts";
import { foreignRows } from "./settings_page.ts";

const INTRODUCTION = `# Coming from NetMon

Made from the schema and the table of spellings by \`deno task docs\`.

A NetMon configuration loads as it is: the ConfigMap's manifest, whose problems are then placed in the manifest, or the
YAML inside it. Ask first what weir makes of it:

\`\`\`sh
weir config validate configmap.yaml                  # problems, and what has no effect
weir config print configmap.yaml --format yaml       # the same settings in weir's own spelling
\`\`\`

Unknown keys are errors, with what was probably meant. No packet is lost when the table is full: new flows are counted
in aggregates by prefix.
`;

/** Groups that NetMon's files have under the same names. */
const SAME = [
  "features.protocol_detection",
  "features.latency_tracking",
  "features.security_monitoring",
  "resources",
  "performance",
];

const COMMANDS: string[][] = [
  ["`netmon --config=FILE`", "`weir run --config FILE`"],
  ["`netmon --interface=eth0`", "`weir run --interface eth0`; repeatable, globs, `!exclusions`"],
  ["`netmon --debug --log-level=trace`", "the same"],
  ["`netmon-cli status`", "`weir status`"],
  ["`netmon-cli flows dump`", "`weir flows dump`, `weir flows`"],
  ["`netmon-cli stats flows`", "`weir stats flows`; `weir books` for what became of every packet"],
  ["`netmon-cli debug trace on`", "`weir debug trace on`, `weir debug trace off`"],
  ["`netmon-cli debug packet-trace on`", "`weir debug packet-trace on`: one line a packet, bounded, by filter"],
  ["`netmon-cli doctor`, `netmon-cli check-system`", "`weir doctor`, `weir check-system`"],
  ["`netmon-cli support bundle`", "`weir support bundle`, `weir support-bundle --output=FILE`"],
  ["`tc filter show dev DEVICE`", "`weir status --interfaces`, which shows tcx hooks, too"],
  ["Prometheus on 9090", "`export.prometheus.port` is taken over; the default is 10250, metrics are called `weir_…`"],
];

export function netmonPage(): string {
  const spellings = SPELLINGS.filter(({ product }) => product === "NetMon");
  return [
    INTRODUCTION,
    "## Keys with another name",
    table(
      ["in NetMon", "in weir", ""],
      spellings.map(({ from, to, says }) => [code(from), to.map(code).join(", "), says ? `${says}.` : ""]),
    ),
    "## Keys with the same name",
    table(["key", ""], SAME.flatMap((path) => sameRows(path.split(".")))),
    "## Variables",
    table(["variable", "what it does"], foreignRows(/^NETMON_/)),
    "Every key has a variable of its own: `WEIR_` and its path.",
    "## Commands",
    table(["NetMon", "weir"], COMMANDS),
    "## Metrics",
    table(["NetMon", "weir", ""], NETMON_METRICS.map(metricRow)),
  ].join("\n\n");
}

function sameRows(path: string[]): string[][] {
  return Object.entries(viewAt(settingsSchema, path)!.entries).flatMap(([key, schema]) => {
    const at = view(schema);
    const here = [...path, key];
    if (at.type === "strict_object") return sameRows(here);
    const { notice, isLater } = at.facts;
    return [[code(here.join(".")), notice === undefined ? at.says : `no effect${isLater ? " yet" : ""}: ${notice}`]];
  });
}

/** coming-from-mermin.md */
import { SPELLINGS } from "../src/settings/spelling/spellings.ts";
import { effectRows } from "./key_rows.ts";
import { code, table } from "./markdown.ts";
import { MERMIN_METRICS, metricRow } from "./metric_names.ts";
import { foreignRows } from "./settings_page.ts";

const INTRODUCTION = `# Coming from Mermin

Made from the schema and the table of spellings by \`deno task docs\`.

A Mermin configuration loads as it is, HCL or YAML, in its old spelling (\`api {}\`, \`metrics {}\`) and in its later one
(\`internal "server" {}\`). Ask first what weir makes of it:

\`\`\`sh
weir config validate config.hcl            # problems, and what has no effect
weir config print config.hcl --origin      # what an agent would run with
\`\`\`

## What is different

- **Unknown keys are errors**, with the nearest key or the group that has it. Mermin ignored them.
- **Patterns that cannot be read are errors.** Mermin skipped them with a warning, and a list of nothing else let
  everything pass.
- **An environment variable that is not set is an error** where \`env()\` has no default. Mermin took an empty text.
- **\`interfaces\` is empty by default: every device that is up.** Each packet counts once however many of them it
  passes, so there is no choice to make between complete and without duplicates. \`/regular expressions/\` and \`!exclusions\`
  work.
- **Every key can come from the environment**, and the command line has the last word.
- **One receiver or several**: \`otlp\` blocks with names.
- **\`tls\` with an \`http://\` endpoint is an error.** Without a scheme, a \`tls\` block makes it TLS.
- **\`basic\` and \`bearer\` together are an error.** Mermin took the second.
- **A bare URL goes to /v1/traces** over HTTP; any path is taken as it is.
- **Kinds of Kubernetes' objects include nodes** by default.
- **A side of \`attributes\` that is left out keeps its defaults.** In one that is there, what is said replaces them:
  \`association\` as a whole, \`extract.metadata\` as a whole. An empty one turns names off, as in Mermin.
- **A flow ends so long after its last packet**, and its records are what has happened since the one before.
`;

const COMMANDS: string[][] = [
  ["`mermin --config FILE`", "`weir run --config FILE`"],
  ["`--log-level LEVEL`", "the same"],
  ["`--auto-reload`", "the same; SIGHUP, too"],
  ["`--worker-threads`", "taken, without effect: weir has one thread that counts, and one that exports and answers"],
  ["`mermin diagnose bpf --interface/--pattern/--skip`", "the same; `weir doctor` looks at everything else, too"],
  ["`/livez`, `/readyz`, `/startup` on 8080", "the same, body `ok`"],
  ["`/metrics`, `/metrics/standard`, `/metrics/debug`, `/metrics:summary` on 10250", "the same; names below"],
];

/** Values of the chart that are others here, or are taken without effect. */
const VALUES: string[][] = [
  [
    "`config.content`, `config.restartOnConfigChange`, `hostNetwork`, `securityContext` and all that is not below",
    "the same",
  ],
  [
    "`config.hostPidEnrichment`, `hostPidEnrichment`, `hostPID`",
    "taken, without effect: the mode decides, and flows are not named after processes",
  ],
  ["`volumes`, `volumeMounts`", "`extraVolumes`, `extraVolumeMounts`; bpffs is not needed"],
];

/** Groups that Mermin's files do not have. */
const OTHERS_REGEXP = /^(?:features|resources|performance|sampling)\./;

function isMermins(path: string): boolean {
  return !OTHERS_REGEXP.test(path);
}

export function merminPage(): string {
  const spellings = SPELLINGS.filter(({ product }) => product === "Mermin");
  return [
    INTRODUCTION,
    "## Keys with another name",
    table(["in Mermin", "in weir"], spellings.map(({ from, to }) => [code(from), to.map(code).join(", ")])),
    "All other keys have the same name and meaning: [settings.md](settings.md) has them.",
    "## Keys without effect",
    table(["key", "because"], effectRows(false, isMermins)),
    "## Keys whose effect is still to come",
    table(["key", "until then"], effectRows(true, isMermins)),
    "## Variables",
    table(["variable", "what it does"], foreignRows(/^MERMIN_/)),
    "Every key has a variable of its own: `WEIR_` and its path.",
    "## Commands",
    table(["Mermin", "weir"], COMMANDS),
    "## Values of the chart",
    table(["Mermin", "weir"], VALUES),
    "## Metrics",
    "All begin with `weir_` instead of `mermin_`. `/metrics/debug` has the second half of them where " +
    "`internal.metrics.debug_metrics_enabled` is on.",
    table(["Mermin", "weir", ""], MERMIN_METRICS.map(metricRow)),
  ].join("\n\n");
}

/** settings.md */
import { FOREIGN_VARIABLES, OTHER_VARIABLES } from "../src/settings/environment/names.ts";
import { SHAPES } from "../src/settings/spelling/shapes.ts";
import { effectRows, keyRows, topKeys } from "./key_rows.ts";
import { code, table } from "./markdown.ts";

const INTRODUCTION = `# Settings

Made from the schema in \`src/settings/schema/schema.ts\` by \`deno task docs\`.

A configuration is HCL, YAML or JSON, told apart by the file's name. \`weir run --config FILE\` takes it; so does the
variable \`WEIR_CONFIG_PATH\`. Without one, weir runs with the defaults below.

\`\`\`hcl
discovery "instrument" {
  interfaces = ["eth*", "!eth9"]
}

export "traces" {
  otlp "collector" {
    endpoint = "https://collector.example:4317"
    auth     = { bearer = env("COLLECTOR_TOKEN") }
  }
}
\`\`\`

\`\`\`yaml
discovery:
  instrument:
    interfaces: ["eth*", "!eth9"]
export:
  traces:
    otlp:
      collector:
        endpoint: https://collector.example:4317
        auth: { bearer: "\${COLLECTOR_TOKEN}" }
\`\`\``;

const COMMANDS = [
  [
    "`weir config validate FILE…`",
    "every problem of every file with its place, line and what was probably meant; exit code 2 where there is one; " +
    "`--json`",
  ],
  [
    "`weir config print [FILE]`",
    "what an agent would run with: defaults, file and environment together; `--origin` says where each value was said; " +
    "`--format hcl`, `yaml`, `json` turns one language into another; secrets are hidden",
  ],
  ["`weir config schema`", "the JSON Schema, for editors"],
  ["`weir config set KEY=VALUE…`", "settings of the running agent, until it ends: keys marked _live_ below"],
];

const LANGUAGES = `## Who has the last word

Defaults, below the file, below the environment, below the command line. Groups are joined key by key, lists are
replaced. \`--otlp\` replaces all receivers of the file: their secrets are not for another address.

## While weir runs

SIGHUP has the file read again; with \`auto_reload\`, so does a change of the file, also by the link that Kubernetes
changes where it mounts a ConfigMap. What is wrong is said in the log, in \`weir status\` and by
\`weir_settings_reloads_total{result="failed"}\`, and the old settings go on as they are. Keys marked _live_ change at
once, without a packet or a flow lost; of others weir says that a restart would change them. A receiver that is not in
the file any more is given \`shutdown_timeout\` to take what waits for it.

## HCL, YAML, JSON

- Blocks with labels, nested blocks and objects are the same: \`discovery "instrument" {}\` is
  \`discovery = { instrument = {} }\`. A block that comes again goes on with the first; \`otlp\`, \`label\` and
  \`annotation\` may come several times.
- A length of time is written \`500ms\`, \`30s\`, \`1h30m\`. Words are taken in any case.
- \`null\`, or a YAML key without a value, is a key that is not set.
- Of HCL's expressions weir reads values, texts with \`\${…}\`, and \`env()\`; others are errors that say so.
- YAML may be a ConfigMap's manifest whose data holds one file: problems are placed in the manifest.
${SHAPES.map(({ says }) => `- ${says[0]!.toUpperCase()}${says.slice(1)}.`).join("\n")}

### Variables in files

| language | variable | with a default | not a variable |
| --- | --- | --- | --- |
| HCL | \`env("NAME")\`, \`"\${env("NAME")}:4317"\` | \`env("NAME", "default")\` | \`"$\${text}"\` |
| YAML, JSON | \`"\${NAME}"\` | \`"\${NAME:-default}"\`, for an empty one, too | \`"$\${text}"\` |

A variable that is not set and has no default is an error with its place, not an empty text: an empty password or
address would fail later, and elsewhere. What a variable holds becomes what its key wants: a number, a list with commas.

## The environment

\`WEIR_\` and the key's path, in capitals, with \`_\` for dots: \`span.tcp_timeout\` is \`WEIR_SPAN_TCP_TIMEOUT\`. Lists have
commas between their items, named texts are \`name=text,name=text\`, and both may be JSON, as lists of groups have to be.
\`WEIR_EXPORT_TRACES_OTLP_…\` is about every receiver, \`WEIR_EXPORT_TRACES_OTLP_NAME_…\` about the one of that name. A
variable whose name is nearly a key's, or begins with a group's, is an error; an empty one is as one that is not set;
what Kubernetes sets for a Service called weir is left alone.`;

export function settingsPage(): string {
  const top = topKeys();
  const alone = top.filter(({ isGroup }) => !isGroup).flatMap(({ key }) => keyRows(key));
  const groups = top.filter(({ key, isGroup }) => isGroup && keyRows(key).length > 0);
  return [
    INTRODUCTION,
    table(["command", "what it does"], COMMANDS),
    LANGUAGES,
    variableTable(),
    "## Keys",
    keyTable(alone),
    ...groups.map(({ key, says }) =>
      [`### ${key}`, says, ...(INTRODUCED[key] ?? []), keyTable(keyRows(key))].join("\n\n")
    ),
    "## What has no effect yet",
    "Accepted, checked, and said once at the start and by `weir config validate`.",
    table(["key", "because"], effectRows(true)),
    "## What has no effect",
    "Accepted, so that other agents' files load as they are; said once at the start and by `weir config validate`.",
    table(["key", "because"], effectRows(false)),
  ].join("\n\n");
}

/** What a table cannot say. */
const INTRODUCED: Record<string, string[]> = {
  filter: [
    "Patterns are addresses and prefixes, numbers and ranges (`443`, `32000-60999`), and globs (`*`, `?`, `[…]`, " +
    "`{a,b}`). A flow passes a key when no pattern of `not_match` meets it, and one of `match` does or there is none; " +
    "it is handed out when it passes all keys. Patterns that cannot be read, or meet nothing that there is, are errors.",
    "What each key looks at, and what a filter costs: [filters.md](filters.md).",
  ],
  sampling: ["Which flows those are, and what has failed: [filters.md](filters.md#sampling)."],
  attributes: [
    "KIND is pod, node, service, endpoint, endpointslice, ingress, gateway or networkpolicy. Without `association`, " +
    "pods, nodes, services and endpoints are found by address.",
  ],
};

function keyTable(rows: ReturnType<typeof keyRows>): string {
  return table(
    ["key", "wants", "default", ""],
    rows.map(({ path, wants, standard, says }) => [code(path), wants, standard, says]),
  );
}

function variableTable(): string {
  const own = Object.entries(OTHER_VARIABLES).map(([name, says]) => [code(name), says]);
  return table(["variable", "what it does"], [...own, ...foreignRows(/^/)]);
}

/** Variables of other agents, and what they set here. */
export function foreignRows(prefix: RegExp): string[][] {
  return Object.entries(FOREIGN_VARIABLES).filter(([name]) => prefix.test(name)).map(([name, { to, notice, says }]) => [
    code(name),
    notice === undefined ? says ?? `sets ${code(to!)}` : `has no effect: ${notice}`,
  ]);
}

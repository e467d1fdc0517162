import { deepEqual, equal, match, ok } from "node:assert/strict";
import { DEFAULTS } from "../../../src/settings/defaults.ts";
import { hclText } from "../../../src/settings/print/hcl_text.ts";
import { jsonText } from "../../../src/settings/print/json_text.ts";
import { type Shown, shownSettings } from "../../../src/settings/print/shown_settings.ts";
import { yamlText } from "../../../src/settings/print/yaml_text.ts";
import { loadSettings } from "../../../src/settings/load_settings.ts";
import type { Settings } from "../../../src/settings/schema/schema.ts";
import { load } from "../../support/config_text.ts";

const FILES = new URL("../../support/configurations/", import.meta.url).pathname;
const NO_COMMENT = () => undefined;

/** What another file would have to say for the same settings. */
const WRITERS: Record<"hcl" | "yaml" | "json", (shown: Record<string, Shown>) => string> = {
  hcl: (shown) => hclText(shown, NO_COMMENT),
  yaml: (shown) => yamlText(shown, NO_COMMENT),
  json: jsonText,
};

/** What no printed settings have: what has no effect. */
function withoutEffectless({ pipeline: _pipeline, performance: _performance, ...settings }: Settings): unknown {
  const { discovery, internal, ...rest } = settings;
  const { auto_discover_interfaces: _auto, ...instrument } = discovery.instrument;
  const { traces: _traces, ...others } = internal;
  return { ...rest, discovery: { ...discovery, instrument }, internal: others };
}

async function roundTrip(settings: Settings): Promise<void> {
  for (const [format, write] of Object.entries(WRITERS)) {
    const text = write(shownSettings(settings));
    const again = await load(text, format as "hcl" | "yaml" | "json");
    deepEqual(withoutEffectless(again.settings), withoutEffectless(settings), `${format}:\n${text}`);
  }
}

Deno.test("printed settings come to the same when they are read again, in every language", async () => {
  await roundTrip(DEFAULTS);
  for (const file of ["cluster.hcl", "inline.hcl", "manifest.yaml", "bare.yaml"]) {
    await roundTrip((await loadSettings({ path: FILES + file })).settings);
  }
});

Deno.test("printed settings keep texts that look like something else", async () => {
  const texts = [
    "true",
    "no",
    "12",
    "1e3",
    "~",
    "null",
    "a: b",
    "# x",
    "- y",
    "${HOME}",
    "%{if}",
    "$$",
    '"',
    "\\",
    "\n\t",
    "ä😀",
    "",
    "[",
    "*a",
    "&a",
    "!x",
    "a#b",
    "for",
    " x ",
  ];
  const attributes = Object.fromEntries(texts.filter(Boolean).map((text, i) => [i % 3 ? `k${i}` : text, text]));
  const receiver = { name: "a b", endpoint: "http://x:1", resource_attributes: attributes };
  const { settings } = await load(jsonText({ node_name: "${X}", export: { traces: { otlp: [receiver] } } }));
  equal(settings.node_name, "${X}");
  equal(Object.values(settings.export.traces.otlp[0]!.resource_attributes).includes("${HOME}"), true);
  await roundTrip(settings);
});

Deno.test("printed settings hide secrets, in every language", async () => {
  const secrets = ["hunter2", "t0ken", "k3y"];
  const { settings } = await load(
    "export: {traces: {otlp: [{auth: {basic: {user: me, pass: hunter2}}}, {auth: {bearer: t0ken}, headers: {x-key: k3y}}]}}",
  );
  for (const [format, write] of Object.entries(WRITERS)) {
    const text = write(shownSettings(settings));
    for (const secret of secrets) ok(!text.includes(secret), `${format}: ${secret}`);
    for (const kept of ["me", "x-key", "***"]) ok(text.includes(kept), `${format}: ${kept}`);
  }
});

Deno.test("printed settings say where each was said, behind it", async () => {
  const { settings, origins } = await load(
    'log_level = "warn"\nexport "traces" {\n  otlp "a" {\n    timeout = "1s"\n  }\n}\n',
    "hcl",
    {
      variables: new Map([["WEIR_SPAN_UDP_TIMEOUT", "7s"]]),
    },
  );
  const hcl = hclText(shownSettings(settings), (path) => origins.text(path));
  match(hcl, /^log_level = "warn" # w\.hcl:1:1$/m);
  match(hcl, /^ {2}udp_timeout = "7s" # WEIR_SPAN_UDP_TIMEOUT$/m);
  match(hcl, /^ {2}otlp "a" \{\n {4}endpoint = "http:\/\/localhost:4317" # default\n/m);
  match(hcl, /^ {4}timeout = "1s" # w\.hcl:4:5$/m);
  const yaml = yamlText(shownSettings(settings), (path) => origins.text(path));
  match(yaml, /^log_level: warn # w\.hcl:1:1$/m);
  match(yaml, /^ {6}- name: a # w\.hcl:3:8\n {8}endpoint: "http:\/\/localhost:4317" # default$/m);
});

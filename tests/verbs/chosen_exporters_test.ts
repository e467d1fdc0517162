import { deepEqual } from "node:assert/strict";
import { loadSettings, type Settings } from "../../src/settings/mod.ts";
import { ChosenExporters } from "../../src/verbs/chosen_exporters.ts";

/** Settings with receivers of these names. */
async function receivers(...names: string[]): Promise<Settings> {
  const text = JSON.stringify({ export: { traces: { otlp: names.map((name) => ({ name })) } } });
  return (await loadSettings({ path: "", file: { name: "a test", text, format: "json" } })).settings;
}

function open(): ChosenExporters {
  return new ChosenExporters("none", { interfaceOf: () => undefined, setOf: () => undefined }, () => []);
}

Deno.test("ChosenExporters.choose() keeps what did not change, and makes the rest anew", async () => {
  const chosen = open();
  const first = await chosen.choose(await receivers("a", "b"));
  first.keep();
  deepEqual(first.exporters.map(({ name }) => name), ["none", "a", "b"]);
  const second = await chosen.choose(await receivers("b", "c"));
  deepEqual(second.exporters.map((exporter) => first.exporters.indexOf(exporter)), [0, 2, -1]);
});

Deno.test("ChosenExporters.choose() changes nothing where nothing comes of it: what is in service stays known", async () => {
  const chosen = open();
  const first = await chosen.choose(await receivers("a"));
  first.keep();
  const refused = await chosen.choose(await receivers("b"));
  await refused.drop();
  const again = await chosen.choose(await receivers("a"));
  deepEqual(again.exporters.map((exporter) => first.exporters.indexOf(exporter)), [0, 1]);
});

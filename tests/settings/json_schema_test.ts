import { deepEqual, equal, ok } from "node:assert/strict";
import { Ajv, type AnySchemaObject } from "ajv";
import { parse } from "yaml";
import { settingsJsonSchema } from "../../src/settings/json_schema.ts";
import { shownSettings } from "../../src/settings/print/shown_settings.ts";
import { DEFAULTS } from "../../src/settings/defaults.ts";
import { settingsSchema } from "../../src/settings/schema/schema.ts";
import { leaves } from "../../src/settings/schema/view.ts";
import { plainValue } from "../../src/settings/document/tree.ts";
import { readText } from "../support/config_text.ts";

const FILES = new URL("../support/configurations/", import.meta.url).pathname;
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const validate = ajv.compile(settingsJsonSchema() as AnySchemaObject);

/** Where a configuration is not as the schema has it: paths. */
function refused(value: unknown): string[] {
  validate(value);
  return [...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath))];
}

Deno.test("settingsJsonSchema() describes what files may say, in every spelling", async () => {
  for (const file of ["cluster.hcl", "inline.hcl", "later.hcl"]) {
    const { tree } = await readText(await Deno.readTextFile(FILES + file), "hcl");
    // words in another case are weir's kindness
    const value = JSON.parse(JSON.stringify(plainValue(tree)).replace('"kind":"service"', '"kind":"Service"'));
    deepEqual(refused(value), [], file);
  }
  deepEqual(refused(parse(await Deno.readTextFile(`${FILES}bare.yaml`))), []);
  const manifest = parse(await Deno.readTextFile(`${FILES}manifest.yaml`));
  deepEqual(refused(parse(manifest.data["config.yaml"])), []);
  deepEqual(refused(shownSettings(DEFAULTS)), []);
});

Deno.test("settingsJsonSchema() refuses keys that there are not, and values out of range", () => {
  const cases: Array<[unknown, string]> = [
    [{ spn: {} }, ""],
    [{ span: { tcp_timout: "5s" } }, "/span"],
    [{ span: { tcp_timeout: "5 seconds" } }, "/span/tcp_timeout"],
    [{ limits: { flows_max: 0 } }, "/limits/flows_max"],
    [{ log_level: "loud" }, "/log_level"],
    [{ api: { port: 70_000 } }, "/api/port"],
    [{ capture: { interface: [] } }, "/capture"],
    [{ sampling: { rate: 2 } }, "/sampling/rate"],
  ];
  for (const [value, path] of cases) deepEqual(refused(value), [path], JSON.stringify(value));
});

Deno.test("settingsJsonSchema() says of every key what it is for, and its default", () => {
  const schema = settingsJsonSchema();
  for (const { path, view: { says, standard } } of leaves(settingsSchema)) {
    const at = path.reduce(inside, schema as Json);
    ok(typeof at.description === "string" && at.description.length > 0, path.join("."));
    if (says !== "Has no effect.") ok(at.description.startsWith(says), path.join("."));
    deepEqual(at.default, standard, path.join("."));
  }
  equal(schema.additionalProperties, false);
});

type Json = Record<string, unknown>;

/** A key's schema, in a group's or in the first of its forms. */
function inside({ properties, anyOf }: Json, key: string): Json {
  return ((properties ?? (anyOf as Json[])[0]!.properties) as Record<string, Json>)[key]!;
}

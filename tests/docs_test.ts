/** Pages are what the code's tables make of them, and what they say can be done can. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { FILTER_KEYS } from "../docs/filters_page.ts";
import { generated } from "../docs/generated.ts";
import { ATTRIBUTES } from "../src/export/attributes.ts";
import { leaves } from "../src/settings/schema/view.ts";
import { settingsSchema } from "../src/settings/schema/schema.ts";
import { weir } from "./support/agent_process.ts";
import { load } from "./support/config_text.ts";

const ROOT = new URL("..", import.meta.url);

Deno.test("what is made from tables in the code is new", async () => {
  for (const [path, text] of Object.entries(await generated())) {
    equal(await Deno.readTextFile(new URL(path, ROOT)), text, `${path} is old: run "deno task docs"`);
  }
});

Deno.test("docs/attributes.md knows every attribute, once", async () => {
  const page = await Deno.readTextFile(new URL("docs/attributes.md", ROOT));
  for (const { name } of ATTRIBUTES) equal(page.split(`| \`${name}\` `).length, 2, name);
});

Deno.test("docs/filters.md knows every key of a filter, once, and its examples can be used", async () => {
  const page = await Deno.readTextFile(new URL("docs/filters.md", ROOT));
  const paths = leaves(settingsSchema).map(({ path }) => path.join(".").replace(/\.(?:not_)?match$/, ""))
    .filter((path) => path.startsWith("filter."));
  deepEqual(FILTER_KEYS.map(({ key }) => `filter.${key}`), [...new Set(paths)]);
  for (const path of new Set(paths)) equal(page.split(`| \`${path}\` `).length, 2, path);
  const examples = [...page.matchAll(/```(hcl|yaml)\n([^]*?)```/g)];
  equal(examples.length, 3);
  const [hcl, yaml, sampling] = await Promise.all(
    examples.map(([, format, text]) => load(text!, format as "hcl" | "yaml")),
  );
  deepEqual(hcl!.settings, yaml!.settings, "both say the same");
  equal(sampling!.settings.sampling.rate, 0.1);
});

Deno.test("docs/settings.md knows every key, and its examples can be used", async () => {
  const page = await Deno.readTextFile(new URL("docs/settings.md", ROOT));
  for (const { path } of leaves(settingsSchema)) {
    const text = path.join(".").replace(/\.(?:not_)?match$/, "").replace(/^(.*\.association)\.\w+/, "$1.KIND");
    const isAlike = /^(?:attributes|filter)\.destination\./.test(text);
    ok(isAlike || page.includes(`\`${text}\``), text);
  }
  const examples = [...page.matchAll(/```(hcl|yaml)\n([^]*?)```/g)];
  equal(examples.length, 2);
  const variables = new Map([["COLLECTOR_TOKEN", "t"]]);
  const [hcl, yaml] = await Promise.all(
    examples.map(([, format, text]) => load(text!, format as "hcl" | "yaml", { variables })),
  );
  deepEqual(hcl!.settings, yaml!.settings, "both say the same");
});

Deno.test("docs/troubleshooting.md names commands and options that there are", async () => {
  const page = await Deno.readTextFile(new URL("docs/troubleshooting.md", ROOT));
  const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text).join("");
  const spans = [...page.matchAll(/`(weir [^`]+)`/g)].map(([, text]) => text).join("\n");
  const said = [...`${blocks}\n${spans}`.matchAll(/^weir ([a-z][^\n#…]*)/gm)].map(([, words]) => words!.trim());
  const commands = new Set(said.map((words) => words.match(/^[a-z-]+(?: (?!on|off)[a-z][a-z-]*(?= |$))*/)![0]));
  ok(commands.size > 12);
  for (const command of commands) {
    const { code, stdout, stderr } = await weir(...command.split(" "), "--help");
    deepEqual([code, stderr], [0, ""], command);
    const options = said.filter((words) => words.startsWith(command)).flatMap((words) =>
      words.match(/--[a-z-]+/g) ?? []
    );
    if (stdout.includes("\nCommands:")) continue; // options of those below it
    for (const option of options) ok(stdout.includes(option), `${command} ${option}`);
  }
});

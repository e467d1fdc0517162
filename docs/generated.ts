/** Everything that is made from tables in the code, by path. */
import * as v from "valibot";
import { settingsSchema } from "../src/settings/schema/schema.ts";
import { attributesPage } from "./attributes_page.ts";
import { chartPage } from "./chart_page.ts";
import { chartSchema } from "./chart_schema.ts";
import { filtersPage } from "./filters_page.ts";
import { formatted } from "./markdown.ts";
import { merminPage } from "./mermin_page.ts";
import { netmonPage } from "./netmon_page.ts";
import { settingsPage } from "./settings_page.ts";

export async function generated(): Promise<Record<string, string>> {
  return {
    "chart/README.md": await formatted(chartPage(), "md"),
    "chart/values.schema.json": JSON.stringify(chartSchema()) + "\n",
    "docs/attributes.md": await formatted(attributesPage(), "md"),
    "docs/filters.md": await formatted(filtersPage(), "md"),
    "docs/settings.md": await formatted(settingsPage(), "md"),
    "docs/coming-from-mermin.md": await formatted(merminPage(), "md"),
    "docs/coming-from-netmon.md": await formatted(netmonPage(), "md"),
    "src/settings/defaults.ts": await formatted(defaultsModule(), "ts"),
  };
}

function defaultsModule(): string {
  return `/** Every setting's default, made from the schema by docs/write.ts: a run without a file needs no more. */
import type { Settings } from "./schema/schema.ts";

export const DEFAULTS: Settings = ${JSON.stringify(v.parse(settingsSchema, {}), null, 2)};
`;
}

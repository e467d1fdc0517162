/** `weir config print` */
import { hclText } from "../settings/print/hcl_text.ts";
import { jsonText } from "../settings/print/json_text.ts";
import { type Shown, shownSettings } from "../settings/print/shown_settings.ts";
import { yamlText } from "../settings/print/yaml_text.ts";
import { type ConfigFormat, loadSettings, type Origins } from "../settings/mod.ts";

interface PrintOptions {
  origin?: boolean;
  format?: ConfigFormat | undefined;
  configFormat?: ConfigFormat | undefined;
  variables: ReadonlyMap<string, string>;
}

/** Throws UsageError. */
export async function printSettings(path: string | undefined, options: PrintOptions): Promise<void> {
  const { origin: withOrigin = false, configFormat, variables } = options;
  const { settings, origins } = await loadSettings({ path, format: configFormat, variables });
  const shown = shownSettings(settings);
  const commentOf = withOrigin ? (key: string) => origins.text(key) : () => undefined;
  const format = options.format ?? configFormat ??
    (path?.endsWith(".hcl") ? "hcl" : path?.endsWith(".json") ? "json" : "yaml");
  if (format === "json") console.log(jsonText(withOrigin ? withOrigins(shown, "", origins) : shown).trimEnd());
  else console.log((format === "hcl" ? hclText : yamlText)(shown, commentOf).trimEnd());
}

/** Each value beside where it was said. */
function withOrigins(value: Shown, path: string, origins: Origins): Shown {
  if (typeof value !== "object" || Array.isArray(value) || Object.keys(value).length === 0) {
    return { value, origin: origins.text(path) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withOrigins(inner, path ? `${path}.${key}` : key, origins)]),
  );
}

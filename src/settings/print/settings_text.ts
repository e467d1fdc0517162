/** Settings as a configuration file has them, secrets hidden. */
import type { LoadedSettings } from "../load_settings.ts";
import type { Origins } from "../origins.ts";
import type { ConfigFormat } from "../read_configuration.ts";
import { hclText } from "./hcl_text.ts";
import { jsonText } from "./json_text.ts";
import { type Shown, shownSettings } from "./shown_settings.ts";
import { yamlText } from "./yaml_text.ts";

/** withOrigin: each value beside where it was said. */
export function settingsText(
  { settings, origins }: Pick<LoadedSettings, "settings" | "origins">,
  format: ConfigFormat,
  withOrigin: boolean,
): string {
  const shown = shownSettings(settings);
  if (format === "json") return jsonText(withOrigin ? withOrigins(shown, "", origins) : shown);
  const commentOf = withOrigin ? (key: string) => origins.text(key) : () => undefined;
  return (format === "hcl" ? hclText : yamlText)(shown, commentOf);
}

function withOrigins(value: Shown, path: string, origins: Origins): Shown {
  if (typeof value !== "object" || Array.isArray(value) || Object.keys(value).length === 0) {
    return { value, origin: origins.text(path) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withOrigins(inner, path ? `${path}.${key}` : key, origins)]),
  );
}

/** `weir config print` */
import { type ConfigFormat, loadSettings } from "../settings/mod.ts";
import { settingsText } from "../settings/print/settings_text.ts";

interface PrintOptions {
  origin?: boolean;
  format?: ConfigFormat | undefined;
  configFormat?: ConfigFormat | undefined;
  variables: ReadonlyMap<string, string>;
}

/** Throws UsageError. */
export async function printSettings(path: string | undefined, options: PrintOptions): Promise<void> {
  const { origin = false, configFormat, variables } = options;
  const loaded = await loadSettings({ path, format: configFormat, variables });
  const format = options.format ?? configFormat ??
    (path?.endsWith(".hcl") ? "hcl" : path?.endsWith(".json") ? "json" : "yaml");
  console.log(settingsText(loaded, format, origin).trimEnd());
}

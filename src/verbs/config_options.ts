/** --config, the same for every verb that has settings. */
import { Option } from "commander";
import { CONFIG_FORMATS } from "../settings/mod.ts";

export function configOptions(): Option[] {
  return [
    new Option(
      "-c, --config <file>",
      "a configuration file (.hcl, .yaml, .json); - for standard input (default: what WEIR_CONFIG_PATH names)",
    ),
    new Option("--config-format <format>", "its format, where its name does not tell").choices(CONFIG_FORMATS),
  ];
}

/** The file that is named by the command line, or else by the environment. */
export function configPath(given: string | undefined, variables: ReadonlyMap<string, string>): string | undefined {
  return given ?? (variables.get("WEIR_CONFIG_PATH") || variables.get("MERMIN_CONFIG_PATH") || undefined);
}

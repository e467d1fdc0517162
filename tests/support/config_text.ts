/** Configuration texts in tests: read, and what is wrong with them. */
import { ok } from "node:assert/strict";
import type { Reading } from "../../src/settings/document/reading.ts";
import { originText } from "../../src/settings/document/origin.ts";
import { SettingsError } from "../../src/settings/document/problem.ts";
import { composeSettings } from "../../src/settings/compose_settings.ts";
import type { LoadedSettings, LoadOptions } from "../../src/settings/load_settings.ts";
import { type ConfigFormat, readConfiguration } from "../../src/settings/read_configuration.ts";

/** A text as it is, unchecked. */
export function readText(text: string, format: ConfigFormat, variables: Record<string, string> = {}): Promise<Reading> {
  return readConfiguration({ name: `w.${format}`, text, format }, (name) => variables[name]);
}

/** Settings of a text. */
export function load(text: string, format: ConfigFormat = "yaml", options: LoadOptions = {}): Promise<LoadedSettings> {
  return composeSettings({ name: `w.${format}`, text, format }, options);
}

/** What is wrong with a text, each as "line:column: message". */
export async function problemsOf(
  text: string,
  format: ConfigFormat = "yaml",
  options: LoadOptions = {},
): Promise<string[]> {
  try {
    await load(text, format, options);
  } catch (error) {
    ok(error instanceof SettingsError, String(error));
    return error.problems.map(({ origin, message }) => `${originText(origin).replace(`w.${format}:`, "")}: ${message}`);
  }
  return [];
}

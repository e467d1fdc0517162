/**
 * Settings from all that says something about them. The same at the start and whenever they are read again. Without a
 * file and without variables there is nothing to check, and what checks is not loaded.
 */
import type { Notice } from "./check/notice.ts";
import type { Origins } from "./origins.ts";
import { plainSettings } from "./plain_settings.ts";
import type { ConfigFile, ConfigFormat } from "./read_configuration.ts";
import type { Settings } from "./schema/schema.ts";
import { mentionsSettings } from "./environment/mentions_settings.ts";

/** What the command line sets. */
export interface Flag {
  /** As it is written: --log-level. */
  flag: string;
  /** The key that it sets. */
  path: string;
  value: unknown;
  /** The value is a text, to be read as what its key wants. */
  isText?: true;
}

export interface LoadOptions {
  /** Of the file; "-" is standard input. Default: no file. */
  path?: string | undefined;
  /** The file where it was read already: its path is not looked at. */
  file?: ConfigFile | undefined;
  /** Default: by the file's name, of standard input by its text. */
  format?: ConfigFormat | undefined;
  /** The environment. Default: nothing in it. */
  variables?: ReadonlyMap<string, string>;
  flags?: readonly Flag[];
  /** The environment is only asked for what the file asks it for. */
  isFileAlone?: boolean;
}

export interface LoadedSettings {
  settings: Settings;
  origins: Origins;
  /** What is accepted and has no effect. */
  notices: Notice[];
  /** The file that they are from. */
  file?: ConfigFile | undefined;
}

/** Throws UsageError: SettingsError with all of its problems, or what keeps the file from being read. */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const { path, format, variables = new Map(), flags = [] } = options;
  const plain = path === undefined && !mentionsSettings(variables) ? plainSettings(flags) : undefined;
  if (plain) return plain;
  const { composeSettings } = await import("./compose_settings.ts");
  if (path === undefined || options.file) return await composeSettings(options.file, options);
  const { openConfigFile } = await import("./config_file.ts");
  return await composeSettings(await openConfigFile(path, format), options);
}

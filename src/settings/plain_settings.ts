/** Settings where only the command line says something, whose options are checked already. */
import { DEFAULTS } from "./defaults.ts";
import { flagLayer } from "./flag_layer.ts";
import type { Flag, LoadedSettings } from "./load_settings.ts";
import { Origins } from "./origins.ts";

/** undefined: a flag says more than words, or less than a value, so the schema has to look at it. */
export function plainSettings(flags: readonly Flag[]): LoadedSettings | undefined {
  const isPlain = ({ value, isText }: Flag) => !isText && [value].flat().every((word) => typeof word !== "object");
  if (!flags.every(isPlain)) return undefined;
  const settings = structuredClone(DEFAULTS);
  for (const { path, value } of flags) {
    const keys = path.split(".");
    const parent = keys.slice(0, -1).reduce((at, key) => at[key] as Inner, settings as Inner);
    parent[keys.at(-1)!] = value;
  }
  return { settings, origins: new Origins(flagLayer(flags)), notices: [] };
}

type Inner = Record<string, unknown>;

/** A configuration file in whatever language it is written. Parsers are loaded when a file needs them. */
import { UsageError } from "../errors.ts";
import type { Reading, ReadOptions } from "./document/reading.ts";
import { SAME_OFFSETS, SourceText } from "./document/source_text.ts";
import type { Variables } from "./environment/variables.ts";

export const CONFIG_FORMATS = ["hcl", "yaml", "json"] as const;
export type ConfigFormat = typeof CONFIG_FORMATS[number];

/** A file's text, and how it is written. */
export interface ConfigFile {
  /** As people know it. */
  name: string;
  text: string;
  format: ConfigFormat;
  /** Standard input: who wants it again takes this. */
  isReadOnce?: true;
}

const FORMATS: ReadonlyMap<string, ConfigFormat> = new Map([
  ["hcl", "hcl"],
  ["yaml", "yaml"],
  ["yml", "yaml"],
  ["json", "json"],
]);

/** By a file's name. Throws {@linkcode UsageError} where it does not tell. */
export function formatOfName(name: string): ConfigFormat {
  const format = FORMATS.get(/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "");
  if (format) return format;
  throw new UsageError(
    `Cannot read ${name}: its name does not tell its format; let it end in .hcl, .yaml, .yml or .json, or name the format`,
  );
}

/** By what stands first: HCL begins with a key and = or a block, YAML with a key and a colon, JSON with a brace. */
export function formatOfText(text: string): ConfigFormat {
  const start = text.replace(/^(?:\ufeff|\s|#.*|\/\/.*|\/\*[^]*?\*\/)*/, "");
  return /^[\w-]+[ \t]*(?:(?:"[^"\n]*"|[\w-]+)[ \t]*)*[={]/.test(start) ? "hcl" : "yaml";
}

/** What a file says, unchecked. */
export async function readConfiguration({ name, text, format }: ConfigFile, variables: Variables): Promise<Reading> {
  return await read({ source: new SourceText(name, text), text, offsetMap: SAME_OFFSETS, variables }, format);
}

async function read(options: ReadOptions, format: ConfigFormat): Promise<Reading> {
  if (format === "hcl") return (await import("./hcl/read_hcl.ts")).readHcl(options);
  const { readYaml } = await import("./yaml/read_yaml.ts");
  const reading = readYaml(options);
  if (!("embedded" in reading)) return reading;
  const { name, ...embedded } = reading.embedded;
  return await read({ ...options, ...embedded }, formatOfName(name));
}

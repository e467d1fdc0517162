/** `weir config`: what a configuration says, and whether it can be used. What it takes is loaded when it is asked for. */
import { Argument, Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import { CONFIG_FORMATS, type ConfigFormat, readVariables } from "../settings/mod.ts";
import { configPath } from "./config_options.ts";
import { SOCKET_DEFAULT } from "./socket.ts";
import { wantsVerb } from "./wants_verb.ts";

interface ValidateOptions {
  json?: boolean;
  quiet?: boolean;
  format?: ConfigFormat;
}

interface PrintOptions {
  defaults?: boolean;
  effective?: boolean;
  origin?: boolean;
  format?: ConfigFormat;
  configFormat?: ConfigFormat;
}

export function configCommand(): Command {
  return wantsVerb(
    new Command("config")
      .description("check, show, describe and change settings")
      .addCommand(validateCommand())
      .addCommand(printCommand())
      .addCommand(schemaCommand())
      .addCommand(setCommand()),
  );
}

function validateCommand(): Command {
  return new Command("validate")
    .description("check configuration files: every problem with its place; exit code 2 where there is one")
    .addArgument(new Argument("[file...]", ".hcl, .yaml, .json; - for standard input (default: WEIR_CONFIG_PATH's)"))
    .option("--json", "as JSON")
    .option("-q, --quiet", "say nothing about files that can be used")
    .addOption(
      new Option("--format <format>", "the files' format, where their names do not tell").choices(CONFIG_FORMATS),
    )
    .action(async (files: string[], { json = false, quiet = false, format }: ValidateOptions) => {
      const { validateFiles } = await import("./config_validate.ts");
      const variables = readVariables();
      Deno.exitCode = await validateFiles(named(files, variables), { json, quiet, format, variables });
    });
}

function named(files: string[], variables: ReadonlyMap<string, string>): string[] {
  const path = configPath(undefined, variables);
  if (files.length || path !== undefined) return files.length ? files : [path!];
  throw new UsageError("Cannot go on without a file: name one, or set WEIR_CONFIG_PATH");
}

function printCommand(): Command {
  return new Command("print")
    .description("show what a configuration comes to: defaults, file and environment together; secrets are hidden")
    .argument("[file]", ".hcl, .yaml, .json; - for standard input (default: WEIR_CONFIG_PATH's, or none)")
    .addOption(new Option("--effective", "what an agent would run with (default)").conflicts(["defaults"]))
    .addOption(new Option("--defaults", "what it would without any of them").conflicts(["origin"]))
    .option("--origin", "with where each value was said")
    .addOption(
      new Option("--format <format>", "of what is shown (default: the file's, or yaml)").choices(CONFIG_FORMATS),
    )
    .addOption(
      new Option("--config-format <format>", "the file's, where its name does not tell").choices(CONFIG_FORMATS),
    )
    .action(async (file: string | undefined, options: PrintOptions) => {
      const { printSettings } = await import("./config_print.ts");
      const variables = readVariables();
      const path = options.defaults ? undefined : configPath(file, variables);
      await printSettings(path, { ...options, variables: options.defaults ? new Map() : variables });
    });
}

function schemaCommand(): Command {
  return new Command("schema")
    .description("show the JSON Schema of configurations, for editors")
    .action(async () => {
      const { settingsJsonSchema } = await import("../settings/json_schema.ts");
      console.log(JSON.stringify(settingsJsonSchema(), null, 2));
    });
}

function setCommand(): Command {
  return new Command("set")
    .description("change settings of the running agent, until it ends: as span.tcp_timeout=30s")
    .argument("<key=value...>", "keys and their values; or one key and its value")
    .option("--json", "as JSON")
    .option("--socket <path>", "the agent's socket", SOCKET_DEFAULT)
    .action(async (words: string[], options: { json?: boolean; socket: string }) => {
      const { setSettings } = await import("./config_set.ts");
      await setSettings(words, options);
    });
}

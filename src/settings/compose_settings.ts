/**
 * Settings from all that says something about them: defaults, below the file, below the environment, below the command
 * line.
 */
import { checkTree } from "./check/check_tree.ts";
import { checkValues } from "./check/check_values.ts";
import type { Origin } from "./document/origin.ts";
import { type Problem, SettingsError } from "./document/problem.ts";
import { type Group, group, overlay } from "./document/tree.ts";
import { layEnvironment } from "./environment/environment_layer.ts";
import { flagLayer } from "./flag_layer.ts";
import type { LoadedSettings, LoadOptions } from "./load_settings.ts";
import { Origins } from "./origins.ts";
import { type ConfigFile, readConfiguration } from "./read_configuration.ts";
import { settingsSchema } from "./schema/schema.ts";
import { respell } from "./spelling/respell.ts";

/** Throws {@linkcode SettingsError} with all that is wrong. */
export async function composeSettings(
  file: ConfigFile | undefined,
  { variables = new Map(), flags = [], isFileAlone = false }: LoadOptions,
): Promise<LoadedSettings> {
  const problems: Problem[] = [];
  const fromFile = file ? await readLayer(file, variables, problems) : group(NOWHERE);
  const environment = layEnvironment(fromFile, isFileAlone ? new Map() : variables);
  const tree = [environment.tree, flagLayer(flags)].reduce(overlay, fromFile);
  const checked = checkTree(settingsSchema, tree);
  const { settings, problems: valueProblems } = checkValues(checked.values, tree);
  problems.push(...environment.problems, ...checked.problems, ...valueProblems);
  if (problems.length || !settings) {
    const isFile = problems.some(({ origin }) => origin.kind === "file");
    throw new SettingsError(isFile ? file!.name : "these settings", problems);
  }
  return { settings, origins: new Origins(tree), notices: [...environment.notices, ...checked.notices], file };
}

/** Of what is not there. */
const NOWHERE: Origin = { kind: "environment", variable: "nothing" };

async function readLayer(
  file: ConfigFile,
  variables: ReadonlyMap<string, string>,
  problems: Problem[],
): Promise<Group> {
  const reading = await readConfiguration(file, (name) => variables.get(name));
  // what a text that cannot be read would have said is not known
  if (!reading.isWhole) throw new SettingsError(file.name, reading.problems);
  problems.push(...reading.problems);
  respell(reading.tree, problems);
  return reading.tree;
}

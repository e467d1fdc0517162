/** What commander found wrong with a command line, in weir's words. */
import type { CommanderError } from "commander";
import { nearest } from "../settings/mod.ts";

/** Patterns of commander's messages by their code, and what to say instead. */
const WORDS: Record<string, [RegExp, (...parts: string[]) => string]> = {
  "commander.unknownOption": [
    /unknown option '(.*?)'(?:\n\(Did you mean (?:one of )?(.*?)\?\))?$/s,
    (option, near) => `Unknown option "${option}"${near ? `: did you mean "${near}"?` : ""}`,
  ],
  "commander.optionMissingArgument": [
    /option '(?:-\w, )?(--\S+) (.*)' argument missing/,
    (option, value) => `Cannot use ${option} without a value: ${option} ${value}`,
  ],
  "commander.missingArgument": [
    /missing required argument '(.*)'/,
    (name) => `Cannot go on without a ${name}: name one`,
  ],
  "commander.excessArguments": [
    /too many arguments for '(.*?)'\. Expected (\d+) arguments? but got (\d+): (.*)\.$/,
    (command, most, given, words) =>
      most === "0"
        ? `Cannot use "${words}": ${command} takes options only`
        : `Cannot use ${given} arguments (${words}): ${command} takes ${most}`,
  ],
  "commander.invalidArgument": [
    /(?:option '(?:-\w, )?(--\S+).*?' argument|command-argument value) '(.*?)' is invalid(?: for .*?)?\. (.*)$/s,
    (option, value, why) =>
      `Cannot use "${value}"${option ? ` for ${option}` : ""}: ${choices(value ?? "", why ?? "")}`,
  ],
};

/** One line without a full stop, as all of weir's errors. */
export function usageMessage({ code, message }: CommanderError): string {
  const [pattern, say] = WORDS[code] ?? [];
  const match = pattern?.exec(message);
  return match && say ? say(...match.slice(1)) : message.replace(/^error: /, "");
}

function choices(value: string, why: string): string {
  const words = /^Allowed choices are (.*)\.$/.exec(why)?.[1];
  if (words === undefined) return why;
  const near = nearest(value, words.split(", "));
  return near ? `did you mean "${near}"?` : `there are ${words}`;
}

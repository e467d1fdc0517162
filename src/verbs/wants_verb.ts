/** Commands that are nothing without one of their own: config, debug. */
import type { Command } from "commander";
import { UsageError } from "../errors.ts";

/** Makes the command say which words it wants when none follows. */
export function wantsVerb(command: Command): Command {
  return command.action(() => {
    const names = command.commands.map((verb) => verb.name()).join(", ");
    throw new UsageError(`Cannot go on without one of ${names}: name one`);
  });
}

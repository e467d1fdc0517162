/**
 * The commands, a file each. Not a stage: verbs wire stages for one purpose. What a command does is loaded when it is
 * asked for.
 *
 * In: the command line's words. Out: lines, files, an exit code. Drops: nothing of their own.
 */
import type { Command } from "commander";
import { booksCommand } from "./books.ts";
import { configCommand } from "./config.ts";
import { debugCommand } from "./debug.ts";
import { diagnoseCommand, doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { flowsCommand } from "./flows.ts";
import { replayCommand } from "./replay.ts";
import { statsCommand } from "./stats.ts";
import { statusCommand } from "./status.ts";
import { supportBundleCommand, supportCommand } from "./support_bundle.ts";
import { versionCommand } from "./version.ts";

/** Adds all of them but run. */
export function addVerbs(program: Command): void {
  program
    .commandsGroup("Commands for a running agent:")
    .addCommand(statusCommand())
    .addCommand(flowsCommand())
    .addCommand(explainCommand())
    .addCommand(statsCommand())
    .addCommand(booksCommand())
    .addCommand(debugCommand())
    .commandsGroup("Commands to find out what is wrong:")
    .addCommand(doctorCommand())
    .addCommand(diagnoseCommand())
    .addCommand(supportBundleCommand())
    .addCommand(supportCommand(), { hidden: true })
    .commandsGroup("Other commands:")
    .addCommand(configCommand())
    .addCommand(replayCommand())
    .addCommand(versionCommand());
}

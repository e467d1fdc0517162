/**
 * The commands, a file each. Not a stage: verbs wire stages for one purpose. What a command does is loaded when it is
 * asked for.
 *
 * In: the command line's words. Out: lines, files, an exit code. Drops: nothing of their own.
 */
export { booksCommand } from "./books.ts";
export { configCommand } from "./config.ts";
export { debugCommand } from "./debug.ts";
export { diagnoseCommand, doctorCommand } from "./doctor.ts";
export { explainCommand } from "./explain.ts";
export { flowsCommand } from "./flows.ts";
export { replayCommand } from "./replay.ts";
export { runCommand } from "./run_command.ts";
export { statsCommand } from "./stats.ts";
export { statusCommand } from "./status.ts";
export { supportBundleCommand, supportCommand } from "./support_bundle.ts";
export { usageMessage } from "./usage_message.ts";
export { versionCommand } from "./version.ts";

/**
 * The commands, a file each. Not a stage: verbs wire stages for one purpose.
 *
 * In: the command line's words. Out: lines, files, an exit code. Drops: nothing of their own.
 */
export { booksCommand } from "./books.ts";
export { configCommand } from "./config.ts";
export { doctorCommand } from "./doctor.ts";
export { flowsCommand } from "./flows.ts";
export { replayCommand } from "./replay.ts";
export { runCommand } from "./run.ts";
export { statusCommand } from "./status.ts";
export { usageMessage } from "./usage_message.ts";
export { versionCommand } from "./version.ts";

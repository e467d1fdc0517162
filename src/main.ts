/** Arguments → verb → exit code. */
import { Command, CommanderError } from "commander";
import { EnvironmentError, KernelError, UsageError } from "./errors.ts";
import { nearest } from "./settings/mod.ts";
import { runCommand } from "./verbs/run_command.ts";
import { usageMessage } from "./verbs/usage_message.ts";
import { VERSION } from "./version.ts";

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** Errors are reported once, below. Help has no colours, so nobody needs to look into the environment for them. */
const OUTPUT = { outputError: () => {}, getOutHasColors: () => false, getErrHasColors: () => false };

const EVERYTHING = ["-h", "--help", "-V", "--version"];

/** Whether these are options of the agent's own verb: it runs for months, without the others in its memory. */
function isRun(args: readonly string[]): boolean {
  return (args[0] === undefined || args[0] === "run" || args[0].startsWith("-")) &&
    !args.some((word) => EVERYTHING.includes(word));
}

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("weir")
    .description("Watches every network flow of a Linux host. The books always close.")
    .version(VERSION, "-V, --version")
    .addCommand(runCommand(), { isDefault: true });
  if (!isRun(args)) {
    const { addVerbs } = await import("./verbs/mod.ts");
    addVerbs(program);
  }
  setUp(program);
  return program;
}

/** Help is in nobody's way, and a command's options belong behind it. */
function setUp(command: Command): void {
  command.exitOverride().allowExcessArguments(false).configureOutput(OUTPUT).enablePositionalOptions();
  command.commands.forEach(setUp);
}

/**
 * A word that is no verb where one is wanted is a slip, not an argument of the default one; so is the one after help.
 */
function checkVerbs(program: Command, args: readonly string[]): void {
  let command = program;
  const said: string[] = [];
  for (const word of args[0] === "help" ? args.slice(1) : args) {
    if (!command.commands.length || word.startsWith("-")) return;
    const verbs = command.commands.flatMap((verb) => [verb.name(), ...verb.aliases()]);
    const next = command.commands.find((verb) => verb.name() === word || verb.aliases().includes(word));
    if (!next) throw new UsageError(unknownVerb([...said, word], command === program ? ["help", ...verbs] : verbs));
    said.push(word);
    command = next;
  }
}

function unknownVerb(words: readonly string[], verbs: readonly string[]): string {
  const near = nearest(words.at(-1)!, verbs);
  const hint = near ? `did you mean "${[...words.slice(0, -1), near].join(" ")}"?` : `there are ${verbs.join(", ")}`;
  return `Unknown command "${words.join(" ")}": ${hint}`;
}

async function main(args: string[]): Promise<void> {
  try {
    const program = await createProgram(args);
    if (!isRun(args)) checkVerbs(program, args);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    Deno.exitCode = report(error);
  }
}

/** Says what went wrong, once. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // --help, --version
    console.error(`weir: ${usageMessage(error)}`);
    console.error('weir: "weir --help" lists commands, "weir COMMAND --help" their options');
    return EXIT_USAGE;
  }
  if (error instanceof UsageError) {
    console.error(`weir: ${error.message}`);
    return EXIT_USAGE;
  }
  if (error instanceof EnvironmentError || error instanceof KernelError) {
    console.error(`weir: ${error.message}`);
    if (error instanceof KernelError && error.verifierLog) console.error(error.verifierLog.slice(-4_000));
    return EXIT_FAILED;
  }
  console.error("weir:", error);
  return EXIT_FAILED;
}

if (import.meta.main) {
  await main(Deno.args);
  // Sockets and timers that are still open must not keep a finished command alive.
  Deno.exit(Deno.exitCode);
}

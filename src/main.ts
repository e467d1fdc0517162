/** Arguments → verb → exit code. */
import { Command, CommanderError } from "commander";
import { EnvironmentError, KernelError, UsageError } from "./errors.ts";
import { nearest } from "./settings/mod.ts";
import {
  booksCommand,
  doctorCommand,
  flowsCommand,
  replayCommand,
  runCommand,
  statusCommand,
  usageMessage,
  versionCommand,
} from "./verbs/mod.ts";
import { VERSION } from "./version.ts";

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** Errors are reported once, below. Help has no colours, so nobody needs to look into the environment for them. */
const OUTPUT = { outputError: () => {}, getOutHasColors: () => false, getErrHasColors: () => false };

function createProgram(): Command {
  const program = new Command("weir")
    .description("Watches every network flow of a Linux host. The books always close.")
    .version(VERSION, "-V, --version")
    .addCommand(runCommand(), { isDefault: true })
    .addCommand(flowsCommand())
    .addCommand(booksCommand())
    .addCommand(replayCommand())
    .addCommand(statusCommand())
    .addCommand(doctorCommand())
    .addCommand(versionCommand());
  for (const command of [program, ...program.commands]) {
    command.exitOverride().allowExcessArguments(false).configureOutput(OUTPUT);
  }
  return program;
}

/** A first word that is no verb is a slip, not an argument of the default one; so is the one after help. */
function checkVerb(program: Command, args: readonly string[]): void {
  const word = args[0] === "help" ? args[1] : args[0];
  if (word === undefined || word.startsWith("-")) return;
  const verbs = ["help", ...program.commands.flatMap((command) => [command.name(), ...command.aliases()])];
  if (verbs.includes(word)) return;
  const near = nearest(word, verbs);
  throw new UsageError(
    `Unknown command "${word}": ${near ? `did you mean "${near}"?` : `there are ${verbs.join(", ")}`}`,
  );
}

async function main(args: string[]): Promise<void> {
  const program = createProgram();
  try {
    checkVerb(program, args);
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

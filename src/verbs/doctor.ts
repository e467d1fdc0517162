/** `weir doctor` and `weir diagnose`: what this machine has and lacks. What looks is loaded when it is asked for. */
import { Command, Option } from "commander";
import { EnvironmentError, UsageError } from "../errors.ts";
import type { LoadedSettings } from "../settings/mod.ts";
import { configOptions } from "./config_options.ts";
import type { Wanted } from "./doctor/attach_trials.ts";
import { collect } from "./parse_option.ts";
import { settle, type SourceOptions, sourceOptions } from "./settle.ts";
import { socketOption } from "./socket.ts";

interface Choice {
  interface?: string[];
  pattern?: string[];
  skip?: string[];
}

type Common = Choice & SourceOptions;

interface DoctorOptions extends Common {
  json?: boolean;
  attach: boolean;
  socket: string;
}

export function doctorCommand(): Command {
  return asDoctor(new Command("doctor").alias("check-system"));
}

/** Alone it is doctor; of hooks alone it tells more. */
export function diagnoseCommand(): Command {
  return asDoctor(new Command("diagnose")).description("doctor by its other name; diagnose bpf: try interfaces alone")
    .addCommand(diagnoseBpfCommand());
}

function asDoctor(command: Command): Command {
  command
    .description("check this machine, its interfaces, receivers and API server, and say what to do")
    .option("--no-attach", "look at hooks, and put nothing on them")
    .addOption(socketOption())
    .action(doctor);
  for (const option of commonOptions()) command.addOption(option);
  return command.addHelpText(
    "after",
    `
Attaching is tried on each interface with the real program, which is taken off again at once; receivers get a request
without a span in it. Nothing else is changed, and a running agent goes on.

Exit code: 0 when nothing that a run needs is missing, 1 when something is, 2 when the configuration cannot be used.`,
  );
}

function diagnoseBpfCommand(): Command {
  const command = new Command("bpf")
    .description("try to attach to each interface, and say how it went; exit code 1 when none can be attached to")
    .action(diagnoseBpf);
  for (const option of commonOptions()) command.addOption(option);
  return command;
}

function commonOptions(): Option[] {
  return [
    new Option("-i, --interface <name>", "an interface to try; repeatable (default: those of the configuration)")
      .argParser(collect),
    new Option("--pattern <glob>", "interfaces to try: a name, glob or /regex/; repeatable").argParser(collect),
    new Option("--skip <glob>", "interfaces to leave alone; repeatable").argParser(collect),
    new Option("--network-namespace <path>", "of the interfaces, /proc/1/ns/net for the host's"),
    new Option("--json", "as JSON"),
    ...configOptions(),
  ];
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { loaded, wanted } = await prepare(options);
  const { diagnose } = await import("./doctor/diagnosis.ts");
  const { doctorText } = await import("./doctor/doctor_text.ts");
  const diagnosis = await diagnose(loaded, { ...wanted, isTried: options.attach }, options.socket);
  console.log(options.json ? JSON.stringify(diagnosis, null, 2) : doctorText(diagnosis));
  if (!diagnosis.ok) Deno.exitCode = 1;
}

async function diagnoseBpf(options: Omit<DoctorOptions, "attach" | "socket">): Promise<void> {
  const { loaded: { settings }, wanted } = await prepare(options);
  const { requireMachine } = await import("./machine.ts");
  const { tryInterfaces } = await import("./doctor/attach_trials.ts");
  const { trialSummary } = await import("./doctor/doctor_text.ts");
  const { interfaces, problem } = tryInterfaces(requireMachine(settings), settings, wanted);
  if (problem) throw new EnvironmentError(`Cannot attach anywhere: ${problem.found}; ${problem.remedy}`);
  if (!interfaces.length) throw new UsageError("Cannot try any interface: the patterns match none; see ip link");
  const tried = (result: string) => interfaces.filter((one) => one.result === result).length;
  const summary = {
    interfaces: interfaces.length,
    attached: tried("attached"),
    failed: tried("failed"),
    unreadable: tried("unreadable"),
  };
  console.log(options.json ? JSON.stringify({ interfaces, summary }, null, 2) : trialSummary(interfaces));
  if (!summary.attached) Deno.exitCode = 1;
}

/** What is said of interfaces here stands in for what the configuration says. */
async function prepare(options: Common): Promise<{ loaded: LoadedSettings; wanted: Wanted }> {
  const { interface: names = [], pattern = [], skip = [] } = options;
  const loaded = await settle(sourceOptions(options));
  const named = [...names, ...pattern];
  const chosen = named.length ? named : loaded.settings.discovery.instrument.interfaces;
  return { loaded, wanted: { interfaces: [...chosen, ...skip.map((glob) => `!${glob}`)], isTried: true } };
}

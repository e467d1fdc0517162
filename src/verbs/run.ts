/** `weir run`: attach, count, hand out, until told to stop. */
import { Command, Option } from "commander";
import { Agent } from "../agent.ts";
import { flowProgramImage, tableModule } from "../artifacts.ts";
import { chooseInterfaces, type InterfaceChoice, openNamespace, ownNamespace } from "../capture/mod.ts";
import { AttributeSets } from "../attribute_sets.ts";
import { hostMeaning, type MeaningOf, ownAddresses } from "../enrich/mod.ts";
import { type Exporter, flowSpan, type References } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT, FLOWS_MAX_MOST } from "../limits.ts";
import { log, startLogging } from "../log.ts";
import { claimRunFile, type RunFile } from "../run_file.ts";
import { booksView, createRoutes, type RouteOptions } from "../serve/mod.ts";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT, type Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import { configOptions } from "./config_options.ts";
import { reportFinalBooks } from "./final_books.ts";
import { fitTable } from "./fit_table.ts";
import { openListeners } from "./listeners.ts";
import { logOptions } from "./log_options.ts";
import { checkInterfaces, chooseMode, cleanUp, type Machine, requireMachine } from "./machine.ts";
import { otlpExporters } from "./otlp_exporters.ts";
import { addOtlpOptions } from "./otlp_options.ts";
import { createExporter, type Output, outputOf, outputOption } from "./output.ts";
import { collect, parseDuration, parsePort, parseWhole } from "./parse_option.ts";
import { logNotices, type SettingsOptions, settle } from "./settle.ts";
import { memoryOptions, tableOptions } from "./settings_parts.ts";
import { SOCKET_DEFAULT } from "./socket.ts";
import { StopSignal } from "./stop_signal.ts";
import { untilStopped } from "./until_stopped.ts";
import { checkBooksFile, writeBooks } from "./write_books.ts";

interface RunOptions extends SettingsOptions {
  output?: Output;
  /** Milliseconds. */
  duration?: number;
  books?: string;
  socket: string;
}

const TC_PRIORITY_MOST = 32_767;

export function runCommand(): Command {
  const command = new Command("run")
    .description("watch this machine's traffic and hand out its flows (default)")
    .addOption(
      new Option(
        "-i, --interface <pattern>",
        "devices to watch: a name, glob or /regex/; !pattern excludes; repeatable (default: all that are up)",
      ).argParser(collect),
    )
    .addOption(outputOption())
    .option("--duration <time>", "stop after so long: 10s, 5m, 1h30m", parseDuration)
    .option("--books <file>", "write the final books to a file, as JSON")
    .option("--socket <path>", "where other weir commands reach this agent", SOCKET_DEFAULT)
    .option("--health-port <port>", `health endpoints' port (default: ${HEALTH_PORT_DEFAULT})`, parsePort)
    .option("--metrics-port <port>", `Prometheus metrics' port (default: ${METRICS_PORT_DEFAULT})`, parsePort)
    .option("--listen <address>", "address for both ports (default: 0.0.0.0)")
    .addOption(
      new Option("--attach <how>", "kind of hook (default: auto, tcx where the kernel has it)")
        .choices(["auto", "tcx", "tc"]),
    )
    .addOption(
      new Option("--tcx-order <place>", "before or behind other programs (default: first)").choices(["first", "last"]),
    )
    .option(
      "--tc-priority <number>",
      "the filter's priority, where the hook is tc (default: 1)",
      parseWhole(1, TC_PRIORITY_MOST),
    )
    .option("--network-namespace <path>", "watch another network namespace, /proc/1/ns/net for the host's")
    .option(
      "--flows-max <count>",
      "flows held at once; beyond, new ones are counted in aggregates",
      parseWhole(1, FLOWS_MAX_MOST),
    )
    .action(async (options: RunOptions) => {
      Deno.exitCode = await run({ ...options, receivers });
    });
  const receivers = addOtlpOptions(command);
  for (const option of [...logOptions(), ...configOptions()]) command.addOption(option);
  return command;
}

async function run(options: RunOptions): Promise<number> {
  const { settings: said, notices, origins } = await settle(options);
  const interfaces = chooseInterfaces(said.discovery.instrument.interfaces);
  if (options.books) checkBooksFile(options.books);
  await startLogging(said.log_level, said.log_format);
  logNotices(notices);
  const settings = fitTable(said, origins);
  const machine = requireMachine(settings);
  await using undo = new AsyncDisposableStack();
  const runFile = claimRunFile(`${options.socket}.run`);
  undo.defer(() => runFile.release());
  // from before the first hook is attached: a signal that ended the process there would leave hooks behind
  using signal = new StopSignal("SIGINT", "SIGTERM", "SIGHUP");
  reportKilled(runFile);
  // exporters ask for devices by the time there are records: from the agent that they are made for
  const meaning = openMeaning(() => agent);
  const exporters = await openExporters(settings, options.output, meaning.references, () => agent);
  const agent: Agent = startAgent(settings, { ...machine, interfaces, exporters, meaningOf: meaning.meaningOf });
  undo.defer(() => agent.close());

  const spanOf = (record: FlowRecord) => flowSpan(record, { ...meaning.meaningOf(record), ...meaning.references });
  await serveUntilStopped(agent, settings, options, signal, spanOf);
  return await finish(agent, options);
}

function reportKilled({ killed }: RunFile): void {
  if (!killed) return;
  log.warn(
    "The run before this one (pid {pid}, started {started}) was killed: what it held of flows in flight is lost. " +
      "Its hooks and maps went with it; its socket is replaced",
    { ...killed },
  );
}

/** What a run is made of beside its settings. */
interface Parts extends Machine {
  interfaces: InterfaceChoice;
  exporters: Exporter[];
  meaningOf: MeaningOf;
}

/** From an idle machine to packets being counted. */
function startAgent(settings: Settings, { kernel, features, interfaces, exporters, meaningOf }: Parts): Agent {
  const { instrument } = settings.discovery;
  const namespace = instrument.network_namespace ? openNamespace(instrument.network_namespace) : ownNamespace;
  checkInterfaces(instrument.interfaces, cleanUp(kernel, namespace));
  const agent = new Agent({
    kernel,
    image: flowProgramImage(),
    module: tableModule(),
    namespace,
    interfaces,
    mode: chooseMode(settings, features),
    order: instrument.tcx_order,
    priority: instrument.tc_priority,
    memory: { ...memoryOptions(settings), cpuCount: features.possibleCpus },
    table: tableOptions(settings),
    meaningOf,
    exporters,
  });
  const devices = agent.devices();
  const attached = devices.filter(({ attachment }) => attachment).length;
  log.info("Watching {attached} of {devices} devices", { attached, devices: devices.length });
  if (!attached) log.warn("No device that is up is wanted: waiting for one to come");
  return agent;
}

/** Where flows go: to receivers, to stdout, or to both. */
async function openExporters(
  { export: { traces } }: Settings,
  output: Output | undefined,
  references: References,
  agentOf: () => Agent,
): Promise<Exporter[]> {
  const otlp = await otlpExporters(traces.otlp, references, () => agentOf().addresses());
  const chosen = output ?? outputOf(traces.stdout);
  // who names a receiver and reads no terminal has said where flows go
  const isSilent = otlp.length > 0 && !chosen && !Deno.stdout.isTerminal();
  return [...(isSilent ? [] : [createExporter(chosen, references, EXPORT_QUEUE_RECORDS_DEFAULT)]), ...otlp];
}

/** What records mean and refer to, as far as this host tells it. */
function openMeaning(agentOf: () => Agent): { meaningOf: MeaningOf; references: References } {
  const sets = new AttributeSets();
  return {
    meaningOf: hostMeaning(ownAddresses(() => agentOf().addresses())),
    references: { interfaceOf: (id) => agentOf().interfaceOf(id), setOf: (id) => sets.byId(id) },
  };
}

/** Answers questions until it is time to stop, then hands every flow out. */
async function serveUntilStopped(
  agent: Agent,
  settings: Settings,
  options: RunOptions,
  signal: StopSignal,
  spanOf: RouteOptions["spanOf"],
): Promise<void> {
  const routes = createRoutes({ agent, version: VERSION, spanOf });
  try {
    await using _listeners = await openListeners(settings, options.socket, agent, routes.fetch);
    const why = await untilStopped(agent, options.duration, signal.caught);
    signal[Symbol.dispose](); // a second one ends the process at once
    log.info("Stopping: {why}; every flow is handed out now", { why });
    await agent.stop(settings.shutdown_timeout);
  } catch (error) {
    agent.abandon();
    throw error;
  }
}

/** Closes the books, writes them where asked, and says how it went. Returns the exit code. */
async function finish(agent: Agent, options: RunOptions): Promise<number> {
  const books = await agent.auditBooks();
  const isClosed = reportFinalBooks(books);
  if (options.books) await writeBooks(options.books, await booksView(agent));
  log.info("Stopped: {packets} packets seen, {records} records handed out, books {state}", {
    packets: books.kernel.seen.packets,
    records: agent.stats().records,
    state: isClosed ? "closed" : "NOT closed",
  });
  return isClosed ? 0 : 1;
}

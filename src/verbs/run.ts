/** `weir run`: attach, count, hand out, until told to stop. */
import { Command, Option } from "commander";
import { Agent } from "../agent.ts";
import { flowProgramImage, tableModule } from "../artifacts.ts";
import { chooseInterfaces, type InterfaceChoice, openNamespace, ownNamespace } from "../capture/mod.ts";
import { AttributeSets } from "../attribute_sets.ts";
import type { KubernetesNames } from "../enrich/kubernetes/mod.ts";
import { hostMeaning, type MeaningOf, namedMeaning, ownAddresses } from "../enrich/mod.ts";
import { type Exporter, flowSpan, type References } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { FLOWS_MAX_MOST } from "../limits.ts";
import { log, startLogging } from "../log.ts";
import { claimRunFile, type RunFile } from "../run_file.ts";
import { booksView, type RouteOptions } from "../serve/mod.ts";
import { HEALTH_PORT_DEFAULT, LiveSettings, METRICS_PORT_DEFAULT, type Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import { applySettings } from "./apply_settings.ts";
import { ChosenExporters } from "./chosen_exporters.ts";
import { openClusterNames } from "./cluster_names.ts";
import { configOptions } from "./config_options.ts";
import { reportFinalBooks } from "./final_books.ts";
import { fitTable, reportMemory } from "./fit_table.ts";
import { openListeners } from "./listeners.ts";
import { logOptions } from "./log_options.ts";
import { checkInterfaces, chooseMode, cleanUp, type Machine, requireMachine } from "./machine.ts";
import { addOtlpOptions } from "./otlp_options.ts";
import { type Output, outputOption } from "./output.ts";
import { collect, parseDuration, parsePort, parseWhole } from "./parse_option.ts";
import { ReloadTriggers } from "./reload_triggers.ts";
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
/** Attributes of objects that are gone, and that no record waits with any more. */
const FORGET_NAMES_MS = 60_000;

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
  const loaded = fitTable(await settle(options));
  const { settings } = loaded;
  const interfaces = chooseInterfaces(settings.discovery.instrument.interfaces);
  if (options.books) checkBooksFile(options.books);
  await startLogging(settings.log_level, settings.log_format);
  logNotices(loaded.notices);
  reportMemory(settings);
  const machine = requireMachine(settings);
  await using undo = new AsyncDisposableStack();
  const runFile = claimRunFile(`${options.socket}.run`);
  undo.defer(() => runFile.release());
  // from before the first hook is attached: a signal that ended the process there would leave hooks behind
  using signal = new StopSignal("SIGINT", "SIGTERM", ...(loaded.file ? [] : ["SIGHUP" as const]));
  using _early = new StopSignal("SIGHUP"); // with a file it is for reading that again, as soon as there is an agent
  reportKilled(runFile);
  // exporters ask for devices by the time there are records: from the agent that they are made for
  const sets = new AttributeSets();
  const names = await openClusterNames(loaded, tableOptions(settings), sets);
  undo.defer(async () => await names?.close());
  const meaning = openMeaning(() => agent, sets, names);
  const chosen = new ChosenExporters(options.output, meaning.references, () => agent.addresses());
  const exporters = await chosen.choose(settings);
  const agent: Agent = startAgent(settings, { ...machine, interfaces, exporters, meaning });
  undo.defer(() => agent.close());

  const live = new LiveSettings(loaded, {
    load: async (set, again) => fitTable(await settle(options, undefined, { set, again }), agent.plan.flowsMax),
    apply: (next) => applySettings(agent, chosen, next),
  });
  using _triggers = loaded.file && new ReloadTriggers(loaded.file.name, live);
  const spanOf = (record: FlowRecord) => flowSpan(record, { ...meaning.meaningOf(record), ...meaning.references });
  using _forgetting = names && every(FORGET_NAMES_MS, () => agent.forgetNames(sets));
  await serveUntilStopped(agent, options, signal, { agent, version: VERSION, spanOf, settings: live, names });
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
  meaning: RunMeaning;
}

/** From an idle machine to packets being counted. */
function startAgent(settings: Settings, { kernel, features, interfaces, exporters, meaning }: Parts): Agent {
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
    meaningOf: meaning.meaningOf,
    isSettled: meaning.isSettled,
    exporters,
  });
  const devices = agent.devices();
  const attached = devices.filter(({ attachment }) => attachment).length;
  log.info("Watching {attached} of {devices} devices", { attached, devices: devices.length });
  if (!attached) log.warn("No device that is up is wanted: waiting for one to come");
  return agent;
}

/** What records mean and refer to. */
interface RunMeaning {
  meaningOf: MeaningOf;
  isSettled: ((record: FlowRecord) => boolean) | undefined;
  references: References;
}

function openMeaning(agentOf: () => Agent, sets: AttributeSets, names: KubernetesNames | undefined): RunMeaning {
  const ofHost = hostMeaning(ownAddresses(() => agentOf().addresses()));
  return {
    meaningOf: names ? namedMeaning(ofHost, { namesOf: (record) => names.namesOf(record) }) : ofHost,
    isSettled: names && ((record) => names.isSettled(record)),
    references: { interfaceOf: (id) => agentOf().interfaceOf(id), setOf: (id) => sets.byId(id) },
  };
}

function every(ms: number, work: () => void): Disposable {
  const timer = setInterval(work, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Answers questions until it is time to stop, then hands every flow out. */
async function serveUntilStopped(
  agent: Agent,
  options: RunOptions,
  signal: StopSignal,
  served: RouteOptions & { names: KubernetesNames | undefined },
): Promise<void> {
  const { settings } = served;
  try {
    await using _listeners = await openListeners(options.socket, served);
    const why = await untilStopped(agent, options.duration, signal.caught, served.names?.failed);
    signal[Symbol.dispose](); // a second one ends the process at once
    log.info("Stopping: {why}; every flow is handed out now", { why });
    await agent.stop(settings.settings.shutdown_timeout);
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

/** What `weir run` does: attach, count, hand out, until told to stop. */
import { Agent } from "../agent.ts";
import { flowProgramImage, tableModule, traceProgramImage } from "../artifacts.ts";
import {
  chooseInterfaces,
  type InterfaceChoice,
  isBpfFileSystemWritable,
  openNamespace,
  thisMachine,
} from "../capture/mod.ts";
import { AttributeSets } from "../attribute_sets.ts";
import type { KubernetesNames } from "../enrich/kubernetes/mod.ts";
import { hostMeaning, type MeaningOf, namedMeaning, type OwnAddress, ownAddresses } from "../enrich/mod.ts";
import { type Exporter, flowSpan, queuedContext, type References } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { log, startLogging } from "../log.ts";
import { claimRunFile, type RunFile } from "../run_file.ts";
import { type Sampling, samplingOf } from "../sampling.ts";
import { booksView, type RouteOptions } from "../serve/mod.ts";
import { LiveSettings, type Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import { applySettings } from "./apply_settings.ts";
import { ChosenExporters } from "./chosen_exporters.ts";
import { openClusterNames } from "./cluster_names.ts";
import { reportFinalBooks } from "./final_books.ts";
import { fitTable, reportMemory } from "./fit_table.ts";
import { openListeners } from "./listeners.ts";
import { checkInterfaces, chooseMode, cleanUp, type Machine, requireMachine } from "./machine.ts";
import type { Output } from "./output_option.ts";
import { ReloadTriggers } from "./reload_triggers.ts";
import { logNotices, type SettingsOptions, settle } from "./settle.ts";
import { histogramBuckets, memoryOptions, tableOptions } from "./settings_parts.ts";
import { StopSignal } from "./stop_signal.ts";
import { untilStopped } from "./until_stopped.ts";
import { checkBooksFile, writeBooks } from "./write_books.ts";

export interface RunOptions extends SettingsOptions {
  output?: Output;
  /** Milliseconds. */
  duration?: number;
  books?: string;
  socket: string;
}

/** Attributes of objects that are gone, and that no record waits with any more. */
const FORGET_NAMES_MS = 60_000;

/** Returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
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
  const isOwn = ownAddresses(() => agent.addresses());
  const names = await openClusterNames(loaded, tableOptions(settings), sets, isOwn);
  undo.defer(async () => await names?.close());
  const sampling = samplingOf(settings.sampling);
  const meaning = openMeaning(() => agent, isOwn, sets, names, sampling);
  const chosen = new ChosenExporters(options.output, meaning.references, () => agent.addresses());
  const choice = await chosen.choose(settings);
  const agent: Agent = startAgent(settings, { ...machine, interfaces, sampling, meaning, exporters: choice.exporters });
  choice.keep();
  undo.defer(() => agent.close());

  const live = new LiveSettings(loaded, {
    load: async (set, again) => {
      const next = fitTable(await settle(options, undefined, { set, again }), agent.plan.flowsMax);
      logNotices(next.notices, live.notices);
      return next;
    },
    apply: (next) => applySettings(agent, chosen, next),
  });
  using _triggers = loaded.file && new ReloadTriggers(loaded.file.name, live);
  const spanOf = (record: FlowRecord) => flowSpan(record, { ...meaning.meaningOf(record), ...meaning.references });
  using _forgetting = names && every(FORGET_NAMES_MS, () => agent.forgetNames(sets));
  await serveUntilStopped(agent, options, signal, {
    agent,
    version: VERSION,
    spanOf,
    recentSpanOf: (record) => flowSpan(record, queuedContext(record, meaning.references)),
    isBpfFsWritable: () => isBpfFileSystemWritable(thisMachine()),
    traceImage: traceProgramImage,
    settings: live,
    names,
  });
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
  sampling: Sampling | undefined;
  exporters: Exporter[];
  meaning: RunMeaning;
}

/** From an idle machine to packets being counted. */
function startAgent(settings: Settings, parts: Parts): Agent {
  const { kernel, features, interfaces, sampling, exporters, meaning } = parts;
  const { instrument } = settings.discovery;
  const namespace = openNamespace(instrument.network_namespace);
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
    filter: settings.filter,
    sampling,
    pipelineBuckets: histogramBuckets(settings).pipelineSeconds,
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

function openMeaning(
  agentOf: () => Agent,
  isOwn: OwnAddress,
  sets: AttributeSets,
  names: KubernetesNames | undefined,
  sampling: Sampling | undefined,
): RunMeaning {
  const ofHost = hostMeaning(isOwn);
  return {
    meaningOf: names ? namedMeaning(ofHost, { namesOf: (record) => names.namesOf(record) }) : ofHost,
    isSettled: names && ((record) => names.isSettled(record)),
    references: {
      interfaceOf: (id) => agentOf().interfaceOf(id),
      setOf: (id) => sets.byId(id),
      samplingRate: sampling?.rate,
    },
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
    records: agent.recordCounts().passed,
    state: isClosed ? "closed" : "NOT closed",
  });
  return isClosed ? 0 : 1;
}

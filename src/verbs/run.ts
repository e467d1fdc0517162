/** What `weir run` does: attach, count, hand out, until told to stop. */
import { Agent } from "../agent.ts";
import { flowProgramImage, tableModule, traceProgramImage } from "../artifacts.ts";
import {
  chooseInterfaces,
  type InterfaceChoice,
  isBpfFileSystemWritable,
  openNamespace,
  ownNamespace,
  thisMachine,
} from "../capture/mod.ts";
import { AttributeSets } from "../attribute_sets.ts";
import { hostMeaning, type MeaningOf, ownAddresses } from "../enrich/mod.ts";
import { type Exporter, flowSpan, type References } from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT } from "../limits.ts";
import { log, startLogging } from "../log.ts";
import { claimRunFile, type RunFile } from "../run_file.ts";
import { booksView, createRoutes } from "../serve/mod.ts";
import type { Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import { reportFinalBooks } from "./final_books.ts";
import { openListeners, type Routes } from "./listeners.ts";
import { checkInterfaces, chooseMode, cleanUp, type Machine, requireMachine } from "./machine.ts";
import { otlpExporters } from "./otlp_exporters.ts";
import { createExporter, outputOf } from "./output.ts";
import type { Output } from "./output_option.ts";
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

/** Returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const loaded = await settle(options);
  const { settings, notices } = loaded;
  const interfaces = chooseInterfaces(settings.discovery.instrument.interfaces);
  if (options.books) checkBooksFile(options.books);
  await startLogging(settings.log_level, settings.log_format);
  logNotices(notices);
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
  const routes = createRoutes({
    agent,
    version: VERSION,
    spanOf,
    isBpfFsWritable: () => isBpfFileSystemWritable(thisMachine()),
    traceImage: traceProgramImage,
    loaded: () => loaded,
  });
  await serveUntilStopped(agent, settings, options, signal, routes.fetch);
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
    pipelineBuckets: histogramBuckets(settings).pipelineSeconds,
  });
  const devices = agent.devices();
  const attached = devices.filter(({ attachment }) => attachment).length;
  log.info("Watching {attached} of {devices} devices", { attached, devices: devices.length });
  if (!attached) log.warn("No device that is up is wanted: waiting for one to come");
  return agent;
}

/** Where flows go: to receivers, to stdout, or to both. */
async function openExporters(
  settings: Settings,
  output: Output | undefined,
  references: References,
  agentOf: () => Agent,
): Promise<Exporter[]> {
  const { traces } = settings.export;
  const buckets = histogramBuckets(settings);
  const otlp = await otlpExporters(traces.otlp, references, () => agentOf().addresses(), buckets);
  const chosen = output ?? outputOf(traces.stdout);
  const queue = { queueRecordsMax: EXPORT_QUEUE_RECORDS_DEFAULT, buckets };
  // who names a receiver and reads no terminal has said where flows go
  const isSilent = otlp.length > 0 && !chosen && !Deno.stdout.isTerminal();
  return [...(isSilent ? [] : [createExporter(chosen, references, queue)]), ...otlp];
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
  routes: Routes,
): Promise<void> {
  try {
    await using _listeners = await openListeners(settings, options.socket, agent, routes);
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

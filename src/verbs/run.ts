/** `weir run`: attach, count, hand out, until told to stop. */
import { Command, InvalidArgumentError, Option } from "commander";
import { Agent } from "../agent.ts";
import { flowProgramImage, tableModule } from "../artifacts.ts";
import { checkBooks } from "../books.ts";
import {
  chooseInterfaces,
  cleanLeftovers,
  isLiteral,
  type Kernel,
  missing,
  type NetworkNamespace,
  openLibbpf,
  openLinks,
  openNamespace,
  ownNamespace,
  probeRequirements,
  type Requirement,
  thisMachine,
} from "../capture/mod.ts";
import { systemClock } from "../clock.ts";
import { ownAddresses, spanKind } from "../enrich/mod.ts";
import { EnvironmentError, UsageError } from "../errors.ts";
import {
  colourStyle,
  CountingExporter,
  type Exporter,
  flowSpan,
  jsonLine,
  LineExporter,
  type LineStream,
  plainStyle,
  type SpanContext,
  textHeader,
  textLine,
} from "../export/mod.ts";
import type { FlowRecord } from "../flow_record.ts";
import { pageBytes } from "../libc.ts";
import { log, startLogging } from "../log.ts";
import { claimRunFile, type RunFile } from "../run_file.ts";
import { booksView, createRoutes, type Listener, listenOnPort, listenOnSocket } from "../serve/mod.ts";
import {
  completeSettings,
  HEALTH_PORT_DEFAULT,
  METRICS_PORT_DEFAULT,
  nearest,
  parseDurationMs,
  type Settings,
  type SettingsInput,
} from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import { SOCKET_DEFAULT } from "./socket.ts";

type Output = "text" | "json" | "none";

interface RunOptions {
  config?: string;
  interface: string[];
  output?: Output;
  duration?: number;
  books?: string;
  logLevel?: string;
  logFormat?: string;
  socket: string;
  healthPort?: number;
  metricsPort?: number;
  listen?: string;
  attach?: "auto" | "tcx" | "tc";
  networkNamespace?: string;
  flowsMax?: number;
}

export function runCommand(): Command {
  return new Command("run")
    .description("watch this machine's traffic and hand out its flows (default)")
    .option("-c, --config <file>", "a configuration file (YAML)")
    .option(
      "-i, --interface <pattern>",
      "devices to watch: a name, glob or /regex/; !pattern excludes; repeatable (default: all that are up)",
      (pattern: string, before: string[]) => [...before, pattern],
      [] as string[],
    )
    .addOption(
      new Option("-o, --output <kind>", "how flows leave (default: text on a terminal, else json)").choices([
        "text",
        "json",
        "none",
      ]),
    )
    .option("--duration <time>", "stop after so long: 10s, 5m, 1h30m", parseDuration)
    .option("--books <file>", "write the final books to a file, as JSON")
    .addOption(
      new Option("--log-level <level>", "least level of log lines").choices([
        "trace",
        "debug",
        "info",
        "warn",
        "error",
      ]),
    )
    .addOption(new Option("--log-format <format>", "text, or json: one object a line").choices(["text", "json"]))
    .option("--socket <path>", "where other weir commands reach this agent", SOCKET_DEFAULT)
    .option("--health-port <port>", `health endpoints' port (default: ${HEALTH_PORT_DEFAULT})`, parsePort)
    .option("--metrics-port <port>", `Prometheus metrics' port (default: ${METRICS_PORT_DEFAULT})`, parsePort)
    .option("--listen <address>", "address for both ports (default: 0.0.0.0)")
    .addOption(
      new Option("--attach <how>", "kind of hook (default: auto, tcx where the kernel has it)").choices([
        "auto",
        "tcx",
        "tc",
      ]),
    )
    .option("--network-namespace <path>", "watch another network namespace, /proc/1/ns/net for the host's")
    .option("--flows-max <count>", "flows held at once; beyond, new ones are counted in aggregates", parseCount)
    .action(async (options: RunOptions) => {
      Deno.exitCode = await run(options);
    });
}

function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError("write a length of time as 500ms, 10s, 5m or 1h30m");
  return ms;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535");
  return port;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) throw new InvalidArgumentError("a whole number from 1 is wanted");
  return count;
}

/** The file's settings with the command line's on top. Throws UsageError. */
async function settle(options: RunOptions): Promise<Settings> {
  const settings = completeSettings(options.config ? await readConfig(options.config) : {});
  const { instrument } = settings.discovery;
  const { server, metrics } = settings.internal;
  if (options.interface.length) instrument.interfaces = options.interface;
  if (options.attach) instrument.attach = options.attach;
  if (options.networkNamespace) instrument.network_namespace = options.networkNamespace;
  if (options.logLevel) settings.log_level = options.logLevel as Settings["log_level"];
  if (options.logFormat) settings.log_format = options.logFormat as Settings["log_format"];
  if (options.healthPort !== undefined) server.port = options.healthPort;
  if (options.metricsPort !== undefined) metrics.port = options.metricsPort;
  if (options.listen) server.listen_address = metrics.listen_address = options.listen;
  if (options.flowsMax) settings.limits.flows_max = options.flowsMax;
  return settings;
}

async function readConfig(path: string): Promise<SettingsInput> {
  const { readSettings } = await import("../settings/file.ts");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new UsageError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  return readSettings(text, path);
}

/** Asks for all that the machine must have. Throws EnvironmentError with everything that is missing. */
function requireMachine(settings: Settings): { kernel: Kernel; tcx: boolean; possibleCpus: number } {
  const { requirements, kernel, features } = probeRequirements(thisMachine(), openLibbpf, {
    namespacePath: settings.discovery.instrument.network_namespace,
  });
  const lacking = missing(requirements);
  if (lacking.length || !kernel || !features) {
    throw new EnvironmentError(`Cannot run here:\n${lacking.map(requirementText).join("\n")}`);
  }
  for (const requirement of requirements.filter(({ state }) => state === "degraded")) {
    log.info("{requirement}", { requirement: requirementText(requirement).trim() });
  }
  return { kernel, ...features };
}

function requirementText({ name, found, remedy }: Requirement): string {
  return `  ${name}: ${found}; ${remedy}`;
}

/** A pattern that names one device must name one that there is: a slip of the pen would watch nothing, silently. */
function checkInterfaces(patterns: readonly string[], present: readonly string[]): void {
  const unknown = patterns.filter((pattern) => isLiteral(pattern) && !present.includes(pattern));
  if (!unknown.length) return;
  const lines = unknown.map((name) => {
    const near = nearest(name, present);
    return `Unknown interface "${name}": ${near ? `did you mean "${near}"?` : `there are ${present.join(", ")}`}`;
  });
  throw new UsageError(lines.join("\n"));
}

function cleanUp(kernel: Kernel, namespace: NetworkNamespace, present: string[]): void {
  const links = openLinks(namespace);
  try {
    present.push(...namespace.within(() => links.list().map(({ name }) => name)));
    for (const leftover of namespace.within(() => cleanLeftovers(kernel, links, systemClock.monotonicNs()))) {
      log.warn("Removed {program} from {hook} of {name}: a run before this one was killed and left it there", {
        program: leftover.program,
        hook: leftover.hook,
        name: leftover.interface,
      });
    }
  } finally {
    links.close();
  }
}

function chooseMode(settings: Settings, tcx: boolean): "tcx" | "tc" {
  const { attach } = settings.discovery.instrument;
  if (attach === "tcx" && !tcx) {
    throw new EnvironmentError("Cannot attach by tcx: this kernel has no tcx hooks (6.6); use --attach tc or auto");
  }
  return attach === "auto" ? (tcx ? "tcx" : "tc") : attach;
}

/** Says how records become text or JSON on stdout, and when stdout's reader is gone. */
function createExporter(output: Output, contextOf: (record: FlowRecord) => SpanContext): Exporter {
  if (output === "none") return new CountingExporter();
  const stdout: LineStream = {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    },
  };
  if (output === "json") return new LineExporter("json", stdout, jsonLine(contextOf));
  const style = Deno.stdout.isTerminal() && !Deno.noColor ? colourStyle : plainStyle;
  console.log(textHeader(style).trimEnd());
  return new LineExporter("text", stdout, textLine(contextOf, style));
}

async function run(options: RunOptions): Promise<number> {
  const settings = await settle(options);
  await startLogging(settings.log_level, settings.log_format);
  const interfaces = chooseInterfaces(settings.discovery.instrument.interfaces);
  const { kernel, tcx, possibleCpus } = requireMachine(settings);
  const namespacePath = settings.discovery.instrument.network_namespace;
  const namespace = namespacePath ? openNamespace(namespacePath) : ownNamespace;
  const runFile = claimRunFile(`${options.socket}.run`);
  reportKilled(runFile);
  const present: string[] = [];
  cleanUp(kernel, namespace, present);
  checkInterfaces(settings.discovery.instrument.interfaces, present);

  const isOwn = ownAddresses();
  const output = options.output ?? (Deno.stdout.isTerminal() ? "text" : "json");
  let contextOf: (record: FlowRecord) => SpanContext;
  const agent = new Agent({
    kernel,
    image: flowProgramImage(),
    module: tableModule(),
    namespace,
    interfaces,
    mode: chooseMode(settings, tcx),
    order: settings.discovery.instrument.tcx_order,
    priority: settings.discovery.instrument.tc_priority,
    memory: {
      cpuCount: possibleCpus,
      pageBytes: pageBytes(),
      slots: settings.limits.slots,
      ringBytes: settings.limits.ring_bytes,
      flowsMax: settings.limits.flows_max,
      aggregatesMax: settings.limits.aggregates_max,
    },
    table: tableOptions(settings),
    exporters(agent) {
      contextOf = (record) => ({
        kind: spanKind(record, isOwn),
        interfaceOf: (id) => agent.interfaceOf(id),
      });
      return [createExporter(output, contextOf)];
    },
  });
  const attached = agent.devices().filter(({ attachment }) => attachment);
  log.info("Watching {count} of {all} devices", { count: attached.length, all: agent.devices().length });
  if (!attached.length) log.warn("No device that is up is wanted: waiting for one to come");

  const routes = createRoutes({ agent, version: VERSION, spanOf: (record) => flowSpan(record, contextOf(record)) });
  const listeners: Listener[] = [];
  try {
    listeners.push(...await openListeners(settings, options.socket, agent, routes.fetch));
    const why = await untilStopped(agent, options.duration);
    log.info("Stopping: {why}", { why });
  } finally {
    await agent.stop(settings.shutdown_timeout);
    for (const listener of listeners) await listener.close();
  }
  return await finish(agent, options, runFile);
}

function reportKilled(runFile: RunFile): void {
  if (!runFile.killed) return;
  const { pid, started } = runFile.killed;
  log.warn(
    "The run before this one (pid {pid}, started {started}) was killed: what it held of flows in flight is lost. " +
      "Its hooks and maps went with it; its socket is replaced",
    { pid, started },
  );
}

function tableOptions(settings: Settings) {
  const { span } = settings;
  return {
    genericTimeoutMs: span.generic_timeout,
    icmpTimeoutMs: span.icmp_timeout,
    tcpTimeoutMs: span.tcp_timeout,
    tcpFinTimeoutMs: span.tcp_fin_timeout,
    tcpRstTimeoutMs: span.tcp_rst_timeout,
    udpTimeoutMs: span.udp_timeout,
    maxRecordIntervalMs: span.max_record_interval,
    traceIdTimeoutS: Math.max(1, Math.round(span.trace_id_timeout / 1000)),
    communityIdSeed: span.community_id_seed,
    traceDomain: settings.trace_domain,
    node: settings.node_name ?? Deno.hostname(),
  };
}

type Fetch = Parameters<typeof listenOnSocket>[1];

async function openListeners(settings: Settings, socket: string, agent: Agent, routes: Fetch): Promise<Listener[]> {
  const listeners = [await listenOnSocket(socket, routes)];
  const { server, metrics } = settings.internal;
  const port = (name: string, given: typeof server, defaultPort: number, fetch: Fetch) => {
    if (!given.enabled) return;
    const chosen = given.port !== undefined;
    const listener = listenOnPort(
      { name, address: given.listen_address, port: given.port ?? defaultPort, chosen },
      fetch,
    );
    if (listener) listeners.push(listener);
  };
  port("health", server, HEALTH_PORT_DEFAULT, routes);
  if (metrics.enabled) {
    // loaded only here: the library costs memory
    const { createMetrics } = await import("../serve/metrics.ts");
    const registry = createMetrics(agent, VERSION);
    port("metrics", metrics, METRICS_PORT_DEFAULT, async (request) => {
      if (new URL(request.url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
      return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
    });
  }
  return listeners;
}

const LOOK_MS = 200;

/** Resolves with the reason when it is time to stop. Rejects when the agent broke. */
async function untilStopped(agent: Agent, durationMs: number | undefined): Promise<string> {
  const stopped = Promise.withResolvers<string>();
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  const handlers = signals.map((signal) => [signal, () => stopped.resolve(`got ${signal}`)] as const);
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  const timers = [
    setInterval(() => {
      const broken = agent.exporters.some((exporter) => exporter instanceof LineExporter && exporter.isBroken);
      if (broken) stopped.resolve("nobody reads the output any more");
    }, LOOK_MS),
    ...(durationMs === undefined ? [] : [setTimeout(() => stopped.resolve("the duration is over"), durationMs)]),
  ];
  try {
    return await Promise.race([stopped.promise, agent.failed]);
  } finally {
    timers.forEach(clearTimeout);
    for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
  }
}

/** Closes the books, writes them where asked, and says how it went. */
async function finish(agent: Agent, options: RunOptions, runFile: RunFile): Promise<number> {
  const books = await agent.auditBooks();
  const open = checkBooks(books).filter(({ closed }) => !closed);
  if (options.books) Deno.writeTextFileSync(options.books, `${JSON.stringify(await booksView(agent), null, 2)}\n`);
  for (const { name, measure, left, right } of open) {
    log.error("Books not closed: {name} in {measure}: {left} is not {right}", { name, measure, left, right });
  }
  const { table, kernel } = books;
  log.info("Stopped: {packets} packets seen, {records} records handed out, books {state}", {
    packets: kernel.seen.packets,
    records: agent.stats().records,
    handed: table.handed_out.packets,
    state: open.length ? "NOT closed" : "closed",
  });
  await agent.close();
  runFile.release();
  return open.length ? 1 : 0;
}

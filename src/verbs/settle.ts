/** The settings of a command: the configuration file's, the environment's, and the command line's on top. */
import { log } from "../log.ts";
import {
  type ConfigFormat,
  type Flag,
  type LoadedSettings,
  loadSettings,
  type Notice,
  originText,
  readVariables,
} from "../settings/mod.ts";
import { configPath } from "./config_options.ts";
import type { ReceiverList } from "./otlp_options.ts";

/** What the command line may say instead of the file. Times in ms. */
export interface SettingsOptions {
  config?: string;
  configFormat?: ConfigFormat;
  interface?: string[];
  logLevel?: string;
  logFormat?: string;
  /** log_level debug, where nothing says more. */
  debug?: boolean;
  autoReload?: boolean;
  /** As other agents take it. */
  workerThreads?: number;
  healthPort?: number;
  metricsPort?: number;
  listen?: string;
  attach?: "auto" | "tcx" | "tc";
  tcxOrder?: "first" | "last";
  tcPriority?: number;
  networkNamespace?: string;
  flowsMax?: number;
  receivers?: ReceiverList;
}

/** Those that say where settings are, and which network namespace they are for: of commands that change no others. */
export type SourceOptions = Pick<SettingsOptions, "config" | "configFormat" | "networkNamespace">;

const SOURCE_OPTIONS = ["config", "configFormat", "networkNamespace"] as const;

/** Of a command's options, whose other ones may have the names of settings. */
export function sourceOptions(options: SourceOptions): SourceOptions {
  return Object.fromEntries(SOURCE_OPTIONS.map((name) => [name, options[name]])) as SourceOptions;
}

/** Options, and the keys that they set. */
const FLAGS: Array<[option: keyof SettingsOptions, flag: string, ...paths: string[]]> = [
  ["interface", "--interface", "discovery.instrument.interfaces"],
  ["attach", "--attach", "discovery.instrument.attach"],
  ["tcxOrder", "--tcx-order", "discovery.instrument.tcx_order"],
  ["tcPriority", "--tc-priority", "discovery.instrument.tc_priority"],
  ["networkNamespace", "--network-namespace", "discovery.instrument.network_namespace"],
  ["logLevel", "--log-level", "log_level"],
  ["autoReload", "--auto-reload", "auto_reload"],
  ["logFormat", "--log-format", "log_format"],
  ["healthPort", "--health-port", "internal.server.port"],
  ["metricsPort", "--metrics-port", "internal.metrics.port"],
  ["listen", "--listen", "internal.server.listen_address", "internal.metrics.listen_address"],
  ["flowsMax", "--flows-max", "limits.flows_max"],
];

/** Throws UsageError. again: settings loaded before, whose file's text is taken. set: keys on top of all others. */
export async function settle(
  options: SettingsOptions,
  variables: ReadonlyMap<string, string> = readVariables(),
  { again, set = [] }: { again?: LoadedSettings | undefined; set?: readonly Flag[] } = {},
): Promise<LoadedSettings> {
  const loaded = await loadSettings({
    path: configPath(options.config, variables),
    file: again?.file,
    format: options.configFormat,
    variables,
    flags: [...flagsOf(options), ...set],
  });
  return { ...loaded, notices: [...loaded.notices, ...flagNotices(options)] };
}

/** Of options that are no settings. */
function flagNotices({ workerThreads }: SettingsOptions): Notice[] {
  if (workerThreads === undefined) return [];
  const message = "worker threads have no effect: one thread counts, another one exports and answers";
  return [{ origin: { kind: "flag", flag: "--worker-threads" }, path: "", message }];
}

export function flagsOf(options: SettingsOptions): Flag[] {
  const plain = FLAGS.flatMap(([option, flag, ...paths]) => {
    const value = options[option];
    const isSaid = Array.isArray(value) ? value.length > 0 : value !== undefined;
    return isSaid ? paths.map((path): Flag => ({ flag, path, value })) : [];
  });
  const debug: Flag[] = options.debug && !options.logLevel
    ? [{ flag: "--debug", path: "log_level", value: "debug" }]
    : [];
  return [...plain, ...debug, ...options.receivers?.flags() ?? []];
}

/** Says what is accepted and has no effect. before: those that were said already. */
export function logNotices(notices: readonly Notice[], before: readonly Notice[] = []): void {
  const said = new Set(before.map(({ message }) => message));
  for (const notice of notices.filter(({ message }) => !said.has(message))) {
    log.info("{place}: {notice}", { place: originText(notice.origin), notice: notice.message });
  }
}

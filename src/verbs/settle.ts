/** The settings of a command: the configuration file's, with the command line's on top. */
import type { TableOptions } from "../count/mod.ts";
import { plainReason, UsageError } from "../errors.ts";
import { pageBytes } from "../libc.ts";
import type { MemoryOptions } from "../memory_plan.ts";
import { completeSettings, type Settings, type SettingsInput } from "../settings/mod.ts";

/** What the command line may say instead of the file. Times in ms. */
export interface SettingsOptions {
  config?: string;
  interface?: string[];
  logLevel?: string;
  logFormat?: string;
  healthPort?: number;
  metricsPort?: number;
  listen?: string;
  attach?: "auto" | "tcx" | "tc";
  tcxOrder?: "first" | "last";
  tcPriority?: number;
  networkNamespace?: string;
  flowsMax?: number;
}

/** Throws UsageError. */
export async function settle(options: SettingsOptions): Promise<Settings> {
  const settings = completeSettings(options.config ? await readConfig(options.config) : {});
  const { instrument } = settings.discovery;
  const { server, metrics } = settings.internal;
  if (options.interface?.length) instrument.interfaces = options.interface;
  if (options.attach) instrument.attach = options.attach;
  if (options.tcxOrder) instrument.tcx_order = options.tcxOrder;
  if (options.tcPriority !== undefined) instrument.tc_priority = options.tcPriority;
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
    throw new UsageError(`Cannot read ${path}: ${plainReason(cause)}`, { cause });
  }
  return readSettings(text, path);
}

/** The memory's part of the settings, but for the number of CPUs. */
export function memoryOptions({ limits }: Settings): Omit<MemoryOptions, "cpuCount"> {
  return {
    pageBytes: pageBytes(),
    slots: limits.slots,
    ringBytes: limits.ring_bytes,
    flowsMax: limits.flows_max,
    aggregatesMax: limits.aggregates_max,
  };
}

/** The table's part of the settings. */
export function tableOptions(settings: Settings): TableOptions {
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

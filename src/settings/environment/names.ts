/** What the environment can set: WEIR_ and a key's path, and what Mermin's and NetMon's users have set. */
import { settingsSchema } from "../schema/schema.ts";
import { leaves, view, viewAt } from "../schema/view.ts";

const PREFIX = "WEIR_";

/** A variable's name of a key: span.tcp_timeout is WEIR_SPAN_TCP_TIMEOUT. */
export function variableName(path: readonly string[]): string {
  return PREFIX + path.map((key) => key.replace(/[^A-Za-z0-9]/g, "_").toUpperCase()).join("_");
}

export const OTLP_PATH = ["export", "traces", "otlp"];

/** Every key that a variable can set, but for those of OTLP receivers; what has no effect at all is left out. */
export function settableKeys(): string[][] {
  return [...leaves(settingsSchema)]
    .filter(({ path, view: { type } }) => type !== "unknown" && path.join() !== OTLP_PATH.join())
    .map(({ path }) => path);
}

/** The keys of an OTLP receiver. */
export function receiverKeys(): string[][] {
  const receiver = view(viewAt(settingsSchema, OTLP_PATH)!.item!);
  return Object.entries(receiver.entries).flatMap(([key, schema]) => {
    const inner = view(schema);
    return inner.type === "strict_object" ? [...leaves(schema, { path: [key] })].map(({ path }) => path) : [[key]];
  });
}

/** Variables of weir's own that are no keys. */
export const OTHER_VARIABLES: Record<string, string> = {
  WEIR_CONFIG_PATH: "the configuration file, where no --config is given",
  WEIR_SEED: "tests: the seed of what is drawn by chance",
  WEIR_UPDATE_GOLDEN: "tests: take what comes out for what is wanted",
};

/** A variable of another agent. */
export interface ForeignVariable {
  /** The key that it sets. */
  to?: string;
  /** Its value there, where it is another one. */
  change?(value: string): string | undefined;
  /** Why it sets none. */
  notice?: string;
  /** What it does, where it sets no key as it is. */
  says?: string;
}

const ALWAYS_BATCHES = "weir reads and sends in batches: export.traces.otlp.max_batch_size";

export const FOREIGN_VARIABLES: Record<string, ForeignVariable> = {
  MERMIN_CONFIG_PATH: { says: "the configuration file, where neither --config nor WEIR_CONFIG_PATH names one" },
  MERMIN_CONFIG_AUTO_RELOAD: { to: "auto_reload" },
  MERMIN_LOG_LEVEL: { to: "log_level" },
  MERMIN_WORKER_THREADS: { notice: "weir counts in one thread of its own and has no workers" },
  NETMON_DEBUG: {
    says: "`true`: sets `log_level` to debug",
    to: "log_level",
    change: (value) => /^(?:true|1|yes|on)$/i.test(value) ? "debug" : undefined,
  },
  NETMON_LOG_LEVEL: { to: "log_level" },
  NETMON_FEATURES_PROTOCOL_DETECTION: { to: "features.protocol_detection.enabled" },
  NETMON_FEATURES_LATENCY_TRACKING: { to: "features.latency_tracking.enabled" },
  NETMON_FEATURES_SECURITY_MONITORING: { to: "features.security_monitoring.enabled" },
  NETMON_SAMPLING_RATE: { to: "sampling.rate" },
  NETMON_FLOW_AGGREGATION: { notice: "packets are always added up to flows in the kernel" },
  NETMON_BATCH_SIZE: { notice: ALWAYS_BATCHES },
  NETMON_LATENCY_PRECISION: { notice: "handshakes are timed in ns" },
  NETMON_TIMESTAMP_SOURCE: { notice: "packets are timed in the kernel, by its monotonic clock" },
};

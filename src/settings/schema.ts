/** What can be set, with ranges and defaults: the configuration file's shape. */
import * as v from "valibot";
import { AGGREGATES_MAX, FLOWS_MAX_DEFAULT, FLOWS_MAX_MOST, RING_BYTES_DEFAULT, SLOTS_DEFAULT } from "../limits.ts";
import { formatDuration, parseDurationMs } from "./duration.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A length of time in ms, written as "30s". */
function duration(standard: string, leastMs: number, mostMs: number) {
  return v.optional(
    v.pipe(
      v.string("a length of time is wanted, as 500ms, 30s, 5m or 1h30m"),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const text = dataset.value;
        const ms = parseDurationMs(text);
        if (ms === undefined) {
          addIssue({ message: `"${text}" is no length of time: write it as 500ms, 30s, 5m or 1h30m` });
          return NEVER;
        }
        if (ms < leastMs || ms > mostMs) {
          addIssue({ message: `"${text}" is out of range: ${formatDuration(leastMs)} to ${formatDuration(mostMs)}` });
          return NEVER;
        }
        return ms;
      }),
    ),
    standard,
  );
}

function timeout(standard: string) {
  return duration(standard, SECOND_MS, DAY_MS);
}

function whole(least: number, most: number) {
  const message = `a whole number from ${least} to ${most} is wanted`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

function oneOf<const Words extends readonly string[]>(words: Words, standard: Words[number]) {
  return v.optional(v.picklist(words, `one of ${words.join(", ")} is wanted`), standard);
}

const text = v.pipe(v.string("a text is wanted"), v.nonEmpty("must not be empty"));
const yesOrNo = v.boolean("true or false is wanted");

const span = v.strictObject({
  max_record_interval: timeout("60s"),
  generic_timeout: timeout("30s"),
  icmp_timeout: timeout("10s"),
  tcp_timeout: timeout("20s"),
  tcp_fin_timeout: timeout("5s"),
  tcp_rst_timeout: timeout("5s"),
  udp_timeout: timeout("60s"),
  community_id_seed: v.optional(whole(0, 65_535), 0),
  trace_id_timeout: duration("24h", SECOND_MS, 365 * DAY_MS),
});

const instrument = v.strictObject({
  interfaces: v.optional(v.array(text, "a list of patterns is wanted"), []),
  tcx_order: oneOf(["first", "last"], "first"),
  tc_priority: v.optional(whole(1, 32_767), 1),
  /** auto: tcx where the kernel has it. */
  attach: oneOf(["auto", "tcx", "tc"], "auto"),
  /** A network namespace other than weir's own, by path: /proc/1/ns/net is the host's. */
  network_namespace: v.optional(text),
});

const server = v.strictObject({
  enabled: v.optional(yesOrNo, true),
  listen_address: v.optional(text, "0.0.0.0"),
  /** Left out: the default port, and that it is taken is a warning only. */
  port: v.optional(whole(0, 65_535)),
});

const limits = v.strictObject({
  flows_max: v.optional(whole(1, FLOWS_MAX_MOST), FLOWS_MAX_DEFAULT),
  aggregates_max: v.optional(whole(0, 65_536), AGGREGATES_MAX),
  slots: v.optional(whole(512, 4_194_304), SLOTS_DEFAULT),
  ring_bytes: v.optional(
    v.pipe(
      whole(65_536, 1_073_741_824),
      v.check((bytes) => Number.isInteger(Math.log2(bytes)), "must be a power of two"),
    ),
    RING_BYTES_DEFAULT,
  ),
});

export const settingsSchema = v.strictObject({
  log_level: oneOf(["trace", "debug", "info", "warn", "error"], "info"),
  log_format: oneOf(["text", "json"], "text"),
  shutdown_timeout: duration("28s", SECOND_MS, HOUR_MS),
  discovery: v.optional(v.strictObject({ instrument: v.optional(instrument, {}) }), {}),
  span: v.optional(span, {}),
  /** What trace ids are made from beside the flow. */
  trace_domain: v.optional(text, "weir"),
  /** This node's name. Default: the host's. */
  node_name: v.optional(text),
  limits: v.optional(limits, {}),
  internal: v.optional(
    v.strictObject({ server: v.optional(server, {}), metrics: v.optional(server, {}) }),
    {},
  ),
});

/** Everything set: defaults where nothing else was said. Times in ms. */
export type Settings = v.InferOutput<typeof settingsSchema>;

/** What a file may say; everything in it is optional. */
export type SettingsInput = v.InferInput<typeof settingsSchema>;

export const HEALTH_PORT_DEFAULT = 8080;
export const METRICS_PORT_DEFAULT = 10250;

/** Fills in what the input leaves out. Throws v.ValiError. */
export function completeSettings(input: SettingsInput): Settings {
  return v.parse(settingsSchema, input);
}

/** Everything that can be set, with ranges and defaults: the shape of a configuration file. */
import * as v from "valibot";
import { attributes } from "./attributes.ts";
import { exporting } from "./export.ts";
import { features, resources, sampling } from "./features.ts";
import { filter } from "./filter.ts";
import { informer } from "./informer.ts";
import { instrument } from "./instrument.ts";
import { internal } from "./internal.ts";
import { accepted, choice, duration, group, setting, text, word, yesOrNo } from "./kinds.ts";
import { limits, parser, performance, pipeline } from "./pipeline.ts";
import { span } from "./span.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

export const settingsSchema = v.strictObject({
  log_level: setting("Least level of log lines.", word(LOG_LEVELS), "info"),
  log_format: setting("text, or json: one object a line.", word(LOG_FORMATS), "text"),
  log_color: setting("Colours in the log.", yesOrNo(), false, { notice: "log lines have no colours", fixed: false }),
  auto_reload: setting(
    "Whether a change of the file is taken at once. SIGHUP has it read in any case.",
    yesOrNo(),
    false,
  ),
  shutdown_timeout: setting("How long stopping may take.", duration(SECOND_MS, HOUR_MS), "28s"),
  node_name: choice("This node's name. Default: the host's.", text()),
  trace_domain: setting("What trace ids are made from beside the flow: the same on all nodes.", text(), "weir"),
  discovery: group("What is watched.", { instrument, informer }),
  parser,
  span,
  attributes,
  filter,
  sampling,
  features,
  export: exporting,
  limits,
  resources,
  internal,
  pipeline,
  performance,
  packet_channel_capacity: accepted("records wait in shared memory: limits says how many"),
  packet_worker_count: accepted("weir counts in one thread of its own and has no workers"),
});

/** Everything set: defaults where nothing else was said. Times in ms. */
export type Settings = v.InferOutput<typeof settingsSchema>;

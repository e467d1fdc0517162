/** How flows leave by stdout: --output. */
import {
  colourStyle,
  CountingExporter,
  type Exporter,
  jsonLine,
  LineSender,
  type LineStream,
  plainStyle,
  QueuedExporter,
  type References,
  textHeader,
  textLine,
} from "../export/mod.ts";
import type { HistogramBuckets } from "../histogram.ts";
import type { Settings } from "../settings/mod.ts";
import type { Output } from "./output_option.ts";

/** What the settings choose; undefined: nothing. */
export function outputOf(stdout: Settings["export"]["traces"]["stdout"]): Output | undefined {
  if (!stdout) return undefined;
  return stdout.format === "json" ? "json" : "text";
}

const stdout: LineStream = {
  async write(bytes) {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  },
};

/** The exporter for an output; of undefined, what suits stdout. */
export function createExporter(
  output: Output | undefined,
  references: References,
  queue: { queueRecordsMax: number; buckets?: HistogramBuckets },
): Exporter {
  const lines = (sender: LineSender) => new QueuedExporter(sender, { ...queue, random: Math.random });
  const isTerminal = Deno.stdout.isTerminal();
  switch (output ?? (isTerminal ? "text" : "json")) {
    case "none":
      return new CountingExporter();
    case "json":
      return lines(new LineSender("json", stdout, jsonLine(references)));
    case "text": {
      const style = isTerminal && !Deno.noColor ? colourStyle : plainStyle;
      return lines(new LineSender("text", stdout, textLine(references, style), textHeader(style)));
    }
  }
}

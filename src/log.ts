/** Logging: to stderr, so that stdout stays the flows'. Text on request of people, JSON lines for machines. */
import { configure, getLogger, getTextFormatter, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";

export type LogFormat = "text" | "json";

/** The levels of the settings, as LogTape names them. */
const LEVELS: Record<string, LogLevel> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};

/** Sets level and format; may be called again. */
export async function startLogging(level: string, format: LogFormat): Promise<void> {
  const write = format === "json" ? jsonLine : getTextFormatter({
    timestamp: "rfc3339",
    level: "full",
    category: () => "weir",
    value: (part) => part instanceof Error ? part.message : String(part),
  });
  const encoder = new TextEncoder();
  await configure({
    reset: true,
    sinks: { stderr: (record: LogRecord) => writeAll(encoder.encode(write(record))) },
    loggers: [
      { category: ["weir"], lowestLevel: LEVELS[level] ?? "info", sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

function writeAll(bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // Nobody reads stderr any more: there is nowhere left to say so.
  }
}

function jsonLine(record: LogRecord): string {
  const { level, timestamp, properties } = record;
  const message = record.message.map((part) => typeof part === "string" ? part : String(part)).join("");
  const time = new Date(timestamp).toISOString();
  // what a property is called cannot hide the line's own words
  const own = { time, level: level === "warning" ? "warn" : level, message };
  return `${JSON.stringify({ ...own, ...properties, ...own }, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? value.message : value;
}

/** The agent's logger. */
export const log: Logger = getLogger(["weir"]);

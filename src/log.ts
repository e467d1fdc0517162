/** Logging: to stderr, so that stdout stays the flows'. Text on request of people, JSON lines for machines. */
import { configure, getLogger, getTextFormatter, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { LOG_RING_BYTES } from "./limits.ts";
import { LogRing } from "./log_ring.ts";

export type LogFormat = "text" | "json";

/** The levels of the settings, as LogTape names them. */
const LEVELS: Record<string, LogLevel> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};

const recent = new LogRing(LOG_RING_BYTES);
let settled: { level: string; format: LogFormat } = { level: "info", format: "text" };
let isTracing = false;

/** Sets level and format; may be called again. */
export async function startLogging(level: string, format: LogFormat): Promise<void> {
  settled = { level, format };
  await apply();
}

/** Logs everything until it is turned off again, whatever the settings say. */
export async function traceLogging(isOn: boolean): Promise<void> {
  isTracing = isOn;
  await apply();
}

/** The level in force. */
export function logLevel(): string {
  return isTracing ? "trace" : settled.level;
}

/** The last lines, as far as they are kept. */
export function recentLog(): string {
  return recent.text();
}

async function apply(): Promise<void> {
  const write = settled.format === "json" ? jsonLine : getTextFormatter({
    timestamp: "rfc3339",
    level: "full",
    category: () => "weir",
    value: (part) => part instanceof Error ? part.message : String(part),
  });
  const encoder = new TextEncoder();
  const sink = (record: LogRecord) => {
    const line = encoder.encode(write(record));
    recent.add(line);
    writeAll(line);
  };
  await configure({
    reset: true,
    sinks: { stderr: sink },
    loggers: [
      { category: ["weir"], lowestLevel: LEVELS[logLevel()] ?? "info", sinks: ["stderr"] },
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

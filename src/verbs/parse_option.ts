/** Values of options, checked as they are read. Each throws commander's InvalidArgumentError. */
import { InvalidArgumentError } from "commander";
import { PORT_MOST } from "../limits.ts";
import { parseDurationMs } from "../settings/mod.ts";

/** Timers count in 31 bits of ms, and fire at once beyond. */
const DURATION_MOST_MS = 24 * 86_400_000;

/** A length of time, as ms. */
export function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError("write a length of time as 500ms, 10s, 5m or 1h30m");
  if (ms > DURATION_MOST_MS) throw new InvalidArgumentError("at most 24d are possible");
  return ms;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > PORT_MOST) {
    throw new InvalidArgumentError(`a port is a number from 0 to ${PORT_MOST}`);
  }
  return port;
}

/** A whole number from `least` to `most`. */
export function parseWhole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= least && count <= most) return count;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `a whole number from ${least} is wanted`
        : `a whole number from ${least} to ${most} is wanted`,
    );
  };
}

/** For an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The environment's variables. Read from the kernel: Deno would have to allow all of them to everybody. */
import { readSystemFile } from "../../libc.ts";

/** A variable's value; undefined where it is not set. */
export type Variables = (name: string) => string | undefined;

/** All variables that this process was started with, by name. */
export function readVariables(): Map<string, string> {
  const text = readSystemFile("/proc/self/environ") ?? "";
  const pairs = text.split("\0").filter((pair) => pair.includes("="));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

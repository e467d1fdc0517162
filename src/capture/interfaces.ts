/** Which devices to watch, by name. */
// @ts-types="@types/picomatch"
import picomatch from "picomatch";
import { UsageError } from "../errors.ts";

/** Says whether a device's name is wanted. */
export type InterfaceChoice = (name: string) => boolean;

const INTERFACE_PATTERN_LENGTH_MAX = 256;

/**
 * Reads a list of patterns: globs (`eth*`, `veth[0-9]`, `{lo,eth0}`), regular expressions between slashes
 * (`/^en(p|s)/`), and either of them behind `!`, which excludes. A name is wanted when a pattern that includes matches
 * it, or when there is none, and no excluding one does. Throws {@linkcode UsageError} for a pattern that cannot be
 * read.
 */
export function chooseInterfaces(patterns: readonly string[]): InterfaceChoice {
  const excluding = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => matcher(pattern.slice(1)));
  const including = patterns.filter((pattern) => !pattern.startsWith("!")).map(matcher);
  return (name) =>
    (including.length === 0 || including.some((matches) => matches(name))) &&
    !excluding.some((matches) => matches(name));
}

/** Whether a pattern names one device and cannot match another. */
export function isLiteral(pattern: string): boolean {
  return !pattern.startsWith("!") && /^[\w.:@-]+$/.test(pattern);
}

function matcher(pattern: string): InterfaceChoice {
  if (pattern === "" || pattern.length > INTERFACE_PATTERN_LENGTH_MAX) {
    throw new UsageError(`Cannot use interface pattern "${pattern.slice(0, 40)}": 1 to 256 characters are possible`);
  }
  try {
    if (!pattern.startsWith("/")) return picomatch(pattern, { dot: true, nonegate: true, strictBrackets: true });
    if (pattern.length < 3 || !pattern.endsWith("/")) {
      throw new SyntaxError("a regular expression ends with a slash, as in /^eth/");
    }
    const expression = new RegExp(pattern.slice(1, -1));
    return (name) => expression.test(name);
  } catch (cause) {
    throw new UsageError(`Cannot use interface pattern ${pattern}: ${(cause as Error).message}`, { cause });
  }
}

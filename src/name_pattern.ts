/** Patterns of names, as of devices: globs and regular expressions. */
// @ts-types="@types/picomatch"
import picomatch from "picomatch";

/** Says whether a name is meant. */
export type NameChoice = (name: string) => boolean;

const PATTERN_LENGTH_MAX = 256;

/**
 * Reads a glob (`eth*`, `veth[0-9]`, `{lo,eth0}`) or a regular expression between slashes (`/^en(p|s)/`). Throws
 * SyntaxError for a pattern that cannot be read.
 */
export function namePattern(pattern: string): NameChoice {
  if (!pattern.startsWith("/")) return glob(pattern);
  checkLength(pattern);
  if (pattern.length < 3 || !pattern.endsWith("/")) {
    throw new SyntaxError("a regular expression ends with a slash, as in /^eth/");
  }
  const expression = new RegExp(pattern.slice(1, -1));
  return (name) => expression.test(name);
}

/** Reads a glob alone. Throws SyntaxError. */
export function glob(pattern: string, { ignoreCase = false } = {}): NameChoice {
  checkLength(pattern);
  const matches = picomatch(pattern, { dot: true, nonegate: true, strictBrackets: true, nocase: ignoreCase });
  // it takes a second argument, which whoever calls back for each name would give it
  return (name) => matches(name);
}

function checkLength(pattern: string): void {
  if (pattern === "" || pattern.length > PATTERN_LENGTH_MAX) {
    throw new SyntaxError(`1 to ${PATTERN_LENGTH_MAX} characters are possible`);
  }
}

/** Which devices to watch, by name. */
import { UsageError } from "../errors.ts";
import { type NameChoice, namePattern } from "../name_pattern.ts";

/** Says whether a device's name is wanted. */
export type InterfaceChoice = NameChoice;

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
  try {
    return namePattern(pattern);
  } catch (cause) {
    const shown = pattern.length > 40 || !pattern ? `"${pattern.slice(0, 40)}"` : pattern;
    throw new UsageError(`Cannot use interface pattern ${shown}: ${(cause as Error).message}`, { cause });
  }
}

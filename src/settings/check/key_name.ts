import type { Entry } from "../document/tree.ts";

/** What a message calls a key: its path, behind what was written where that is another one. */
export function keyName({ spelled }: Entry, path: readonly string[]): string {
  return spelled === undefined ? path.join(".") : `${spelled} (${path.join(".")})`;
}

/** What is accepted and does not do what it says. */
import type { Origin } from "../document/origin.ts";
import type { Entry } from "../document/tree.ts";
import type { Facts } from "../schema/kinds.ts";
import { keyName } from "./key_name.ts";

export interface Notice {
  origin: Origin;
  /** The key. */
  path: string;
  /** Without a full stop. */
  message: string;
}

export function effectNotice(entry: Entry, path: readonly string[], { notice, isLater }: Facts): Notice {
  const effect = isLater ? "has no effect yet" : "has no effect";
  return { origin: entry.origin, path: path.join("."), message: `${keyName(entry, path)} ${effect}: ${notice}` };
}

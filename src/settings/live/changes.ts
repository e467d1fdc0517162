/** What is different between the settings in force and those that shall be. */
import { isDeepStrictEqual } from "node:util";
import { type Settings, settingsSchema } from "../schema/schema.ts";
import { leaves } from "../schema/view.ts";
import { isLive } from "./live_keys.ts";

export interface Changes {
  /** Keys that changed and can change while weir runs. */
  live: string[];
  /** Keys that changed and want a restart. */
  fixed: string[];
  /** The settings with only the live ones changed. */
  inForce: Settings;
}

type Inner = Record<string, unknown>;

export function changesOf(before: Settings, after: Settings): Changes {
  const inForce = structuredClone(after);
  const changes: Changes = { live: [], fixed: [], inForce };
  for (const { path, view } of leaves(settingsSchema)) {
    // what has no effect changes nothing
    if (view.facts.notice !== undefined || isDeepStrictEqual(valueAt(before, path), valueAt(after, path))) continue;
    const key = path.join(".");
    if (isLive(key)) {
      changes.live.push(key);
      continue;
    }
    changes.fixed.push(key);
    put(inForce, path, valueAt(before, path));
  }
  return changes;
}

function valueAt(settings: Settings, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Inner | undefined)?.[key], settings);
}

function put(settings: Settings, path: readonly string[], value: unknown): void {
  let at = settings as Inner;
  for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Inner;
  at[path.at(-1)!] = value;
}

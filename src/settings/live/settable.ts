/** Which keys can be set on a running agent. */
import { UsageError } from "../../errors.ts";
import { settableKeys } from "../environment/names.ts";
import { nearest } from "../nearest.ts";
import { isLive } from "./live_keys.ts";

/** Throws UsageError for a key that is none, or that cannot change while weir runs. */
export function checkLiveKey(key: string): void {
  const keys = settableKeys().map((path) => path.join("."));
  if (!keys.includes(key)) {
    const near = nearest(key, keys);
    throw new UsageError(`Cannot set ${key}: no key has that name${near ? `: did you mean ${near}?` : ""}`);
  }
  if (!isLive(key)) throw new UsageError(`Cannot set ${key}: it wants a restart; say it in the configuration file`);
}

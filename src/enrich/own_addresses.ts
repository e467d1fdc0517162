/** This host's own addresses, looked up again from time to time. */
import { addressText } from "../address.ts";
import type { OwnAddress } from "./kind.ts";

const REFRESH_MS = 10_000;

/** list: the host's addresses as text; nowMs: monotonic. */
export function ownAddresses(
  list: () => string[],
  nowMs: () => number = () => performance.now(),
): OwnAddress {
  let known = new Set<string>();
  let refreshAtMs = -Infinity;
  return (address) => {
    if (nowMs() >= refreshAtMs) {
      known = new Set(list());
      refreshAtMs = nowMs() + REFRESH_MS;
    }
    return known.has(addressText(address));
  };
}

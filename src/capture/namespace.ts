/** A network namespace to work in: this process's own, or another that a path names (/proc/1/ns/net). */
import { closeFd, enterNetworkNamespace, openReadOnly } from "../libc.ts";

export interface NetworkNamespace {
  /** Runs `work`, which must not await, with this thread inside the namespace. */
  within<T>(work: () => T): T;
  close(): void;
}

const OWN: NetworkNamespace = { within: (work) => work(), close: () => {} };

const OWN_PATH = "/proc/thread-self/ns/net";

/**
 * Opens a namespace by its path, or this process's own without one. Another one needs CAP_SYS_ADMIN to enter, and
 * CAP_SYS_PTRACE to open it where it is another process's.
 */
export function openNamespace(path?: string): NetworkNamespace {
  if (!path) return OWN;
  const target = openReadOnly(path);
  const own = openReadOnly(OWN_PATH);
  return {
    within(work) {
      enterNetworkNamespace(target);
      try {
        return work();
      } finally {
        enterNetworkNamespace(own);
      }
    },
    close() {
      closeFd(target);
      closeFd(own);
    },
  };
}

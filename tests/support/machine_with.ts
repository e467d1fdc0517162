/** A machine for the doctor, of which these files are all there is. */
import type { Machine } from "../../src/capture/mod.ts";

export function machineWith(files: Record<string, string>): Machine {
  return {
    release: "6.12.3",
    version: "",
    arch: "x86_64",
    read: (path) => files[path],
    exists: () => false,
    canWrite: () => false,
  };
}

/**
 * What this process's memory is limited to by its control groups: the least of its own and of those around it. A
 * container's limit is one of them.
 */
import { readMounts } from "./capture/mod.ts";

/** Where they are mounted, where the kernel does not tell. */
const ROOT = "/sys/fs/cgroup";
/** No limit in version 1 is a number of pages near the largest there is. */
const LIMIT_MOST_BYTES = 2 ** 62;

/** Bytes; undefined: no limit. read: a text file's content, undefined where it cannot be read. */
export function memoryLimitBytes(read: (path: string) => string | undefined): number | undefined {
  const limits = limitFiles(read("/proc/self/cgroup") ?? "", read("/proc/self/mounts") ?? "").flatMap((path) => {
    const bytes = Number(read(path));
    return bytes > 0 && bytes < LIMIT_MOST_BYTES ? [bytes] : [];
  });
  return limits.length ? Math.min(...limits) : undefined;
}

/**
 * Files that may hold a limit, of every control group from this process's own up. In a container the path may be that
 * of the host, where only the last group of it is mounted: the top is asked in any case.
 */
function limitFiles(cgroups: string, mounts: string): string[] {
  const mounted = readMounts(mounts);
  const version2 = mounted.find(({ type }) => type === "cgroup2")?.point ?? ROOT;
  const version1 = mounted.find(({ type, options }) => type === "cgroup" && options.includes("memory"))?.point ??
    `${ROOT}/memory`;
  return cgroups.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    const isVersion2 = controllers === "";
    if (!isVersion2 && !controllers!.split(",").includes("memory")) return [];
    const [base, file] = isVersion2 ? [version2, "memory.max"] : [version1, "memory.limit_in_bytes"];
    const parts = path.split("/").filter(Boolean);
    return Array.from(
      { length: parts.length + 1 },
      (_, count) => [base, ...parts.slice(0, count), file].join("/"),
    );
  });
}

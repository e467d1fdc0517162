/** What the control group of this process may use, and whether weir fits in when its table is full. */
import { type Machine, readMounts, type Requirement } from "../../capture/mod.ts";
import { sizeText } from "../../export/mod.ts";
import { memoryLimitBytes } from "../../memory_limit.ts";

export interface CgroupLimits {
  version: 1 | 2 | undefined;
  /** undefined: none. */
  memoryBytes: number | undefined;
  cpus: number | undefined;
}

/** The tightest limits from this process's group up to the root. */
export function readCgroup(machine: Machine): CgroupLimits {
  const lines = (machine.read("/proc/self/cgroup") ?? "").split("\n").filter(Boolean);
  const mounts = readMounts(machine.read("/proc/self/mounts") ?? "");
  const v2 = mounts.find(({ type }) => type === "cgroup2")?.point;
  const unified = lines.find((line) => line.startsWith("0::"))?.slice("0::".length);
  const v1Path = (controller: string) => {
    const mount = mounts.find(({ type, options }) => type === "cgroup" && options.includes(controller))?.point;
    const path = lines.map((line) => line.split(":")).find(([, names]) => names?.split(",").includes(controller))?.[2];
    return mount === undefined || path === undefined ? undefined : { mount, path };
  };
  const memoryBytes = memoryLimitBytes(machine.read);
  if (v1Path("memory")) {
    const cpu = v1Path("cpu");
    return {
      version: 1,
      memoryBytes,
      cpus: cpu && least(upwards(cpu.path).map((path) => quotaIn(machine, cpu.mount + path))),
    };
  }
  if (v2 === undefined || unified === undefined) return { version: undefined, memoryBytes: undefined, cpus: undefined };
  return {
    version: 2,
    memoryBytes,
    cpus: least(upwards(unified).map((path) => shareIn(machine, v2 + path))),
  };
}

/** "/a/b" → ["/a/b", "/a", ""]. A path from outside of this namespace begins with "/..": nothing is there to read. */
function upwards(path: string): string[] {
  const parts = path.split("/").filter(Boolean);
  return Array.from(
    { length: parts.length + 1 },
    (_, i) => parts.slice(0, parts.length - i).map((p) => `/${p}`).join(""),
  );
}

function shareIn(machine: Machine, folder: string): number | undefined {
  const [quota, period] = (machine.read(`${folder}/cpu.max`) ?? "").trim().split(" ").map(Number);
  return quota! > 0 && period! > 0 ? quota! / period! : undefined;
}

function quotaIn(machine: Machine, folder: string): number | undefined {
  const number = (file: string) => Number(machine.read(`${folder}/${file}`) ?? NaN);
  const [quota, period] = [number("cpu.cfs_quota_us"), number("cpu.cfs_period_us")];
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function least(numbers: ReadonlyArray<number | undefined>): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length ? Math.min(...known) : undefined;
}

/** needBytes: what weir takes with a full table. */
export function cgroup(limits: CgroupLimits, needBytes: number): Requirement {
  const { version, memoryBytes, cpus } = limits;
  if (version === undefined) {
    return { name: "cgroup", state: "unknown", found: "this process's control group is not to be seen", remedy: "" };
  }
  const memory = memoryBytes === undefined ? "no limit of memory" : `${sizeText(memoryBytes)} of memory`;
  const cpu = cpus === undefined ? "no limit of CPU" : `${cpus.toFixed(2).replace(/\.?0+$/, "")} CPUs`;
  const found = `version ${version}, ${memory}, ${cpu}; a full table takes ${sizeText(needBytes)}`;
  const fits = memoryBytes === undefined || needBytes <= memoryBytes;
  return {
    name: "cgroup",
    state: fits ? "ok" : "degraded",
    found,
    remedy: fits ? "" : `allow ${sizeText(needBytes)}, or lower limits.flows_max (--flows-max)`,
  };
}

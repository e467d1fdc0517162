/** The file system of pinned programs and maps: mounted, of the right type, writable. */
import type { Machine, Requirement } from "./requirements.ts";

const PATH = "/sys/fs/bpf";
const MOUNT = `mount -t bpf bpf ${PATH}`;

interface Mount {
  point: string;
  type: string;
  options: string[];
}

export function bpfFileSystem(machine: Machine): Requirement {
  const mounts = readMounts(machine.read("/proc/self/mounts") ?? "");
  const there = mounts.findLast(({ point }) => point === PATH); // the last one hides those before
  if (there?.type === "bpf") return ofBpf(machine, there);
  if (there) return degraded(`${PATH} is of type ${there.type}, not bpf`, `umount ${PATH}, then ${MOUNT}`);
  const elsewhere = mounts.find(({ type }) => type === "bpf")?.point;
  const other = elsewhere ? `, but one at ${elsewhere}` : "";
  return degraded(`no bpf file system at ${PATH}${other}`, MOUNT);
}

/** Whether it is there and this process may write to it. */
export function isBpfFileSystemWritable(machine: Machine): boolean {
  const there = readMounts(machine.read("/proc/self/mounts") ?? "").findLast(({ point }) => point === PATH);
  return there?.type === "bpf" && machine.canWrite(PATH);
}

function ofBpf(machine: Machine, { options }: Mount): Requirement {
  if (options.includes("ro")) return degraded(`${PATH} is mounted read-only`, `mount -o remount,rw ${PATH}`);
  if (machine.canWrite(PATH)) return ok("mounted, writable");
  return ok("mounted, not writable for this user");
}

function ok(found: string): Requirement {
  return { name: "bpffs", state: "ok", found, remedy: "" };
}

function degraded(found: string, remedy: string): Requirement {
  return { name: "bpffs", state: "degraded", found, remedy: `${remedy}; until then nothing can outlive the agent` };
}

/** proc_mounts(5): spaces in names are written \\040. */
export function readMounts(text: string): Mount[] {
  return text.split("\n").filter(Boolean).map((line) => {
    const [, point = "", type = "", options = ""] = line.split(" ");
    return { point: point.replaceAll("\\040", " "), type, options: options.split(",") };
  });
}

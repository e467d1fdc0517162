/** Capabilities of this process (capabilities(7)): which it has, whom from, and what keeps the others from it. */
import type { Machine, Requirement } from "./requirements.ts";

/** Bits, as in include/uapi/linux/capability.h. */
export const CAP_NET_ADMIN = 12;
const CAP_SYS_PTRACE = 19;
const CAP_SYS_ADMIN = 21;
export const CAP_SYS_RESOURCE = 24;
const CAP_PERFMON = 38;
const CAP_BPF = 39;

interface Need {
  name: string;
  bit: number;
  needed: string;
}

const NEEDS: readonly Need[] = [
  { name: "CAP_NET_ADMIN", bit: CAP_NET_ADMIN, needed: "to attach programs to devices" },
  { name: "CAP_BPF", bit: CAP_BPF, needed: "to load programs and maps" },
  { name: "CAP_PERFMON", bit: CAP_PERFMON, needed: "for programs that read packets by pointer" },
];

/** CAP_SYS_ADMIN includes what CAP_BPF and CAP_PERFMON were split from it for (5.8). */
const IN_SYS_ADMIN = new Set([CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN]);

export function hasCapability(machine: Machine, bit: number): boolean {
  return isIn(machine, "CapEff", bit) ?? false;
}

/** namespacePath: of the network namespace that is to be entered. */
export function capabilityRequirements(machine: Machine, namespacePath: string | undefined): Requirement[] {
  const needs = [...NEEDS];
  if (namespacePath) {
    needs.push({ name: "CAP_SYS_ADMIN", bit: CAP_SYS_ADMIN, needed: `to enter ${namespacePath}` });
    if (namespacePath.startsWith("/proc/")) {
      needs.push({ name: "CAP_SYS_PTRACE", bit: CAP_SYS_PTRACE, needed: `to open ${namespacePath}` });
    }
  }
  return needs.map((need) => requirementOf(machine, need));
}

function requirementOf(machine: Machine, { name, bit, needed }: Need): Requirement {
  const own = hasCapability(machine, bit);
  if (own || (IN_SYS_ADMIN.has(bit) && hasCapability(machine, CAP_SYS_ADMIN))) {
    const found = own ? `effective${sourceOf(machine, bit)}` : "included in CAP_SYS_ADMIN";
    return { name: name.toLowerCase(), state: "ok", found, remedy: "" };
  }
  const withheld = isIn(machine, "CapBnd", bit) === false;
  return {
    name: name.toLowerCase(),
    state: "missing",
    found: withheld ? `${name} is outside of this process's bounds` : `${name} is not effective`,
    remedy: withheld
      ? `let the container or service have ${name} ${needed} (Kubernetes: securityContext.capabilities.add)`
      : `run as root (sudo), or grant ${name} ${needed}`,
  };
}

/** Whom an effective capability is from. */
function sourceOf(machine: Machine, bit: number): string {
  const userId = /^Uid:\s*\d+\s+(\d+)/m.exec(status(machine))?.[1];
  if (userId === undefined) return "";
  if (userId === "0") return ", as root";
  return isIn(machine, "CapAmb", bit) ? ", ambient" : ", of the program's file";
}

/** Whether a set of /proc/self/status has a capability; undefined where the kernel does not tell of the set. */
function isIn(machine: Machine, set: string, bit: number): boolean | undefined {
  const digits = new RegExp(`^${set}:\\s*([0-9a-f]+)`, "m").exec(status(machine))?.[1];
  return digits === undefined ? undefined : (BigInt(`0x${digits}`) >> BigInt(bit) & 1n) === 1n;
}

function status(machine: Machine): string {
  return machine.read("/proc/self/status") ?? "";
}

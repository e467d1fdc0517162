/** What weir needs of the machine, asked by name and answered all at once, each with what to do about it. */
import { canOpen, readSystemFile } from "../libc.ts";
import type { Kernel, KernelFeatures } from "./kernel.ts";

export interface Requirement {
  name: string;
  /** ok: there. degraded: weir runs with less. missing: weir cannot run. */
  state: "ok" | "degraded" | "missing";
  /** What was found. */
  found: string;
  /** What to do; "" when there is nothing to. */
  remedy: string;
}

/** Where answers come from, so that tests can be other machines. */
export interface Machine {
  release: string;
  /** `uname -v`, where PREEMPT_RT shows. */
  version: string;
  arch: string;
  /** A text file's content; undefined where it cannot be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
}

export const KERNEL_LEAST = [5, 8] as const;
/** Fetching atomics, which weakly ordered CPUs need for the slot protocol. */
const KERNEL_LEAST_ARM64 = [5, 12] as const;
/** From here on PREEMPT_RT may run two bottom halves of one CPU at once. */
const KERNEL_RT_LIMIT = [6, 18] as const;
const BTF_PATH = "/sys/kernel/btf/vmlinux";
const BPFFS_PATH = "/sys/fs/bpf";

const CAP_NET_ADMIN_BIT = 12;
/** Capabilities by bit (include/uapi/linux/capability.h), and what each is for. */
const CAPABILITIES = [
  { name: "CAP_NET_ADMIN", bit: CAP_NET_ADMIN_BIT, needed: "to attach programs to devices" },
  { name: "CAP_BPF", bit: 39, needed: "to load programs and maps" },
  { name: "CAP_PERFMON", bit: 38, needed: "for programs that read packets by pointer" },
] as const;
const CAP_SYS_ADMIN_BIT = 21;
const CAP_SYS_PTRACE_BIT = 19;
const CAP_SYS_RESOURCE_BIT = 24;

/** Locked memory that default limits need on kernels that charge maps against it: slots, ring, and room to spare. */
const MEMLOCK_LEAST_BYTES = 64 * 1024 * 1024;

/** This machine. */
export function thisMachine(): Machine {
  return {
    release: Deno.osRelease(),
    version: readSystemFile("/proc/sys/kernel/version") ?? "",
    arch: Deno.build.arch,
    read: readSystemFile,
    exists: canOpen,
  };
}

/** Asks for everything. openKernel: loads libbpf; its failure is an answer, too. */
export function probeRequirements(
  machine: Machine,
  openKernel: () => Kernel,
  options: { namespacePath?: string | undefined } = {},
): { requirements: Requirement[]; kernel?: Kernel; features?: KernelFeatures } {
  const requirements = [
    kernelRequirement(machine),
    realTimeRequirement(machine),
    btfRequirement(machine),
    ...capabilityRequirements(machine, options.namespacePath),
    memlockRequirement(machine),
    bpffsRequirement(machine),
  ];
  try {
    const kernel = openKernel();
    const features = kernel.features();
    requirements.push(
      { name: "libbpf", state: "ok", found: "libbpf.so.1", remedy: "" },
      hasCapability(machine, CAP_NET_ADMIN_BIT) ? tcxRequirement(features) : TCX_UNKNOWN,
    );
    return { requirements, kernel, features };
  } catch (error) {
    requirements.push({
      name: "libbpf",
      state: "missing",
      found: error instanceof Error ? error.message : String(error),
      remedy: "install libbpf 1.0 or newer (Debian and Ubuntu: apt-get install libbpf1)",
    });
    return { requirements };
  }
}

/** [6, 18] of "6.18.44-fc". */
export function parseRelease(release: string): [number, number] {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match ? [Number(match[1]), Number(match[2])] : [0, 0];
}

function isAtLeast([major, minor]: readonly [number, number], least: readonly [number, number]): boolean {
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

function kernelRequirement(machine: Machine): Requirement {
  const least = machine.arch === "aarch64" ? KERNEL_LEAST_ARM64 : KERNEL_LEAST;
  const ok = isAtLeast(parseRelease(machine.release), least);
  const why = machine.arch === "aarch64"
    ? " (arm64 orders stores weakly, and older kernels lack the atomics for that)"
    : "";
  return {
    name: "kernel",
    state: ok ? "ok" : "missing",
    found: `Linux ${machine.release} on ${machine.arch}`,
    remedy: ok ? "" : `run Linux ${least.join(".")} or newer${why}`,
  };
}

function realTimeRequirement(machine: Machine): Requirement {
  const realTime = machine.version.includes("PREEMPT_RT");
  const broken = realTime && isAtLeast(parseRelease(machine.release), KERNEL_RT_LIMIT);
  return {
    name: "preemption",
    state: broken ? "missing" : "ok",
    found: realTime ? "PREEMPT_RT" : "not PREEMPT_RT",
    remedy: broken ? `run a kernel before ${KERNEL_RT_LIMIT.join(".")} or one without PREEMPT_RT` : "",
  };
}

function btfRequirement(machine: Machine): Requirement {
  const ok = machine.exists(BTF_PATH);
  return {
    name: "btf",
    state: ok ? "ok" : "missing",
    found: ok ? BTF_PATH : `no ${BTF_PATH}`,
    remedy: ok ? "" : "run a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions' kernels are",
  };
}

function hasCapability(machine: Machine, bit: number): boolean {
  const status = machine.read("/proc/self/status") ?? "";
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  return (effective >> BigInt(bit) & 1n) === 1n;
}

function capabilityRequirements(machine: Machine, namespacePath: string | undefined): Requirement[] {
  const has = (bit: number) => hasCapability(machine, bit);
  const needs: Array<{ name: string; bit: number; needed: string }> = [...CAPABILITIES];
  if (namespacePath) {
    needs.push({ name: "CAP_SYS_ADMIN", bit: CAP_SYS_ADMIN_BIT, needed: `to enter ${namespacePath}` });
    if (namespacePath.startsWith("/proc/")) {
      needs.push({ name: "CAP_SYS_PTRACE", bit: CAP_SYS_PTRACE_BIT, needed: `to open ${namespacePath}` });
    }
  }
  return needs.map(({ name, bit, needed }) => {
    // CAP_SYS_ADMIN includes what CAP_BPF and CAP_PERFMON were split from it for (5.8)
    const ok = has(bit) || (name !== "CAP_NET_ADMIN" && name !== "CAP_SYS_PTRACE" && has(CAP_SYS_ADMIN_BIT));
    return {
      name: name.toLowerCase(),
      state: ok ? "ok" : "missing",
      found: ok ? "effective" : `${name} is not effective`,
      remedy: ok ? "" : `run as root (sudo), or grant ${name} ${needed}`,
    };
  });
}

/** Kernels before 5.11 charge maps against RLIMIT_MEMLOCK, which libbpf raises where it may. */
function memlockRequirement(machine: Machine): Requirement {
  const limits = machine.read("/proc/self/limits") ?? "";
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1] ?? "unknown";
  const requirement = (state: Requirement["state"], use: string, remedy = ""): Requirement => ({
    name: "memlock",
    state,
    found: soft === "unlimited" ? `no limit${use}` : `limit ${soft} bytes${use}`,
    remedy,
  });
  if (isAtLeast(parseRelease(machine.release), [5, 11])) {
    return requirement("ok", ", not used: maps are charged to the cgroup");
  }
  if (soft === "unlimited" || Number(soft) >= MEMLOCK_LEAST_BYTES) return requirement("ok", "");
  if (hasCapability(machine, CAP_SYS_RESOURCE_BIT)) return requirement("ok", ", raised at load");
  return requirement(
    "missing",
    ", and CAP_SYS_RESOURCE, which could raise it, is not effective",
    "raise it (ulimit -l unlimited; systemd: LimitMEMLOCK=infinity), or grant CAP_SYS_RESOURCE",
  );
}

function bpffsRequirement(machine: Machine): Requirement {
  const mounts = machine.read("/proc/self/mounts") ?? "";
  const mounted = mounts.split("\n").some((line) => line.split(" ")[2] === "bpf");
  return {
    name: "bpffs",
    state: mounted ? "ok" : "degraded",
    found: mounted ? "mounted" : `no bpf file system at ${BPFFS_PATH}`,
    remedy: mounted ? "" : `mount -t bpf bpf ${BPFFS_PATH}; until then nothing can outlive the agent`,
  };
}

/** Without CAP_NET_ADMIN the kernel does not say. */
const TCX_UNKNOWN: Requirement = {
  name: "tcx",
  state: "degraded",
  found: "not known: the kernel tells only who has CAP_NET_ADMIN",
  remedy: "ask again as root",
};

function tcxRequirement(features: KernelFeatures): Requirement {
  return {
    name: "tcx",
    state: features.tcx ? "ok" : "degraded",
    found: features.tcx ? "tcx hooks" : "no tcx hooks: clsact is used",
    remedy: features.tcx ? "" : "Linux 6.6 or newer has them; a filter in front may hide packets on clsact",
  };
}

/** Those without which weir cannot run. */
export function missing(requirements: readonly Requirement[]): Requirement[] {
  return requirements.filter(({ state }) => state === "missing");
}

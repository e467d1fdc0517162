/** What weir needs of the machine, asked by name and answered all at once, each with what to do about it. */
import { canOpen, canWrite, readSystemFile } from "../libc.ts";
import { bpfFileSystem } from "./bpf_file_system.ts";
import { CAP_NET_ADMIN, CAP_SYS_RESOURCE, capabilityRequirements, hasCapability } from "./capabilities.ts";
import type { Kernel, KernelFeatures } from "./kernel.ts";

export interface Requirement {
  name: string;
  /** ok: there. degraded: weir runs with less. missing: weir cannot run. unknown: this user is not told. */
  state: "ok" | "degraded" | "missing" | "unknown";
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
  /** Whether this process may write into a file or folder. */
  canWrite(path: string): boolean;
}

export const KERNEL_LEAST = [5, 8] as const;
/** Fetching atomics, which weakly ordered CPUs need for the slot protocol. */
const KERNEL_LEAST_ARM64 = [5, 12] as const;
/** From here on PREEMPT_RT may run two bottom halves of one CPU at once. */
const KERNEL_RT_LIMIT = [6, 18] as const;
const BTF_PATH = "/sys/kernel/btf/vmlinux";

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
    canWrite,
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
    bpfFileSystem(machine),
  ];
  try {
    const kernel = openKernel();
    const features = kernel.features();
    requirements.push(
      { name: "libbpf", state: "ok", found: "libbpf.so.1", remedy: "" },
      hasCapability(machine, CAP_NET_ADMIN) ? tcxRequirement(features) : TCX_UNKNOWN,
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
  if (hasCapability(machine, CAP_SYS_RESOURCE)) return requirement("ok", ", raised at load");
  return requirement(
    "missing",
    ", and CAP_SYS_RESOURCE, which could raise it, is not effective",
    "raise it (ulimit -l unlimited; systemd: LimitMEMLOCK=infinity), or grant CAP_SYS_RESOURCE",
  );
}

/** Without CAP_NET_ADMIN the kernel does not say. */
const TCX_UNKNOWN: Requirement = {
  name: "tcx",
  state: "unknown",
  found: "the kernel tells only who has CAP_NET_ADMIN",
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

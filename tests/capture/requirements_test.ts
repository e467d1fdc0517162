import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  type Machine,
  missing,
  parseRelease,
  probeRequirements,
  type Requirement,
  thisMachine,
} from "../../src/capture/requirements.ts";
import { openLibbpf } from "../../src/capture/libbpf.ts";
import { KernelError } from "../../src/errors.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

const ALL_CAPABILITIES = "000001ffffffffff";
/** Bits by name, as in include/uapi/linux/capability.h. */
const NET_ADMIN = 1n << 12n;
const SYS_PTRACE = 1n << 19n;
const SYS_ADMIN = 1n << 21n;
const SYS_RESOURCE = 1n << 24n;
const PERFMON = 1n << 38n;
const BPF = 1n << 39n;

interface Facts {
  release?: string;
  version?: string;
  arch?: string;
  capabilities?: bigint;
  memlock?: string;
  btf?: boolean;
  bpffs?: boolean;
}

/** A machine that has everything but what is said. */
function machineWith(facts: Facts = {}): Machine {
  const effective = facts.capabilities === undefined ? ALL_CAPABILITIES : facts.capabilities.toString(16);
  const files: Record<string, string> = {
    "/proc/self/status": `Name:\tweir\nCapPrm:\t0000000000000000\nCapEff:\t${effective}\n`,
    "/proc/self/limits": `Max cpu time   unlimited\nMax locked memory         ${
      facts.memlock ?? "65536"
    }      65536   bytes\n`,
    "/proc/self/mounts": facts.bpffs === false ? "proc /proc proc rw 0 0\n" : "bpf /sys/fs/bpf bpf rw,mode=700 0 0\n",
  };
  return {
    release: facts.release ?? "6.12.3-generic",
    version: facts.version ?? "#1 SMP PREEMPT_DYNAMIC",
    arch: facts.arch ?? "x86_64",
    read: (path) => files[path],
    exists: (path) => facts.btf !== false && path === "/sys/kernel/btf/vmlinux",
    canWrite: () => true,
  };
}

function probe(facts: Facts, options: { tcx?: boolean; namespacePath?: string } = {}): Map<string, Requirement> {
  const fake = new FakeMachine();
  fake.features = { tcx: options.tcx ?? true, possibleCpus: 2 };
  const { requirements } = probeRequirements(machineWith(facts), () => fake.kernel, options);
  return new Map(requirements.map((requirement) => [requirement.name, requirement]));
}

function missingNames(requirements: Map<string, Requirement>): string[] {
  return missing([...requirements.values()]).map(({ name }) => name);
}

Deno.test("probeRequirements() finds nothing missing on a machine that has everything", () => {
  const requirements = probe({});
  deepEqual([...requirements.values()].filter(({ state }) => state !== "ok"), []);
  for (const { name, found, remedy } of requirements.values()) {
    ok(found, `${name} says what was found`);
    equal(remedy, "");
  }
});

Deno.test("probeRequirements() finds nothing missing on this machine, or tests could not run", () => {
  deepEqual(missing(probeRequirements(thisMachine(), openLibbpf).requirements), []);
});

Deno.test("probeRequirements() reports everything that is missing at once, each with what to do", () => {
  const { requirements, kernel } = probeRequirements(
    machineWith({ release: "5.4.0-42", capabilities: 0n, btf: false, bpffs: false }),
    () => {
      throw new KernelError("Cannot load libbpf.so.1: install libbpf 1.0 or newer");
    },
  );
  equal(kernel, undefined);
  deepEqual(missing(requirements).map(({ name }) => name), [
    "kernel",
    "btf",
    "cap_net_admin",
    "cap_bpf",
    "cap_perfmon",
    "memlock",
    "libbpf",
  ]);
  for (const { name, remedy } of requirements) if (name !== "preemption") ok(remedy, `${name} has a remedy`);
});

Deno.test("probeRequirements() wants Linux 5.8, and 5.12 where the CPU orders stores weakly", () => {
  const kernelOf = (release: string, arch = "x86_64") => probe({ release, arch }).get("kernel")!;
  equal(kernelOf("5.7.19").state, "missing");
  match(kernelOf("5.7.19").remedy, /run Linux 5\.8 or newer/);
  match(kernelOf("4.19.0-27-amd64").found, /Linux 4\.19\.0-27-amd64 on x86_64/);
  equal(kernelOf("5.8.0").state, "ok");
  equal(kernelOf("5.10.0-30-amd64").state, "ok");
  equal(kernelOf("5.11.22", "aarch64").state, "missing");
  match(kernelOf("5.11.22", "aarch64").remedy, /5\.12 or newer \(arm64 orders stores weakly/);
  equal(kernelOf("5.12.0", "aarch64").state, "ok");
  equal(kernelOf("10.0.1").state, "ok");
  equal(kernelOf("odd").state, "missing");
});

Deno.test("parseRelease() reads the first two numbers", () => {
  deepEqual(parseRelease("6.18.44-fc"), [6, 18]);
  deepEqual(parseRelease("7.2"), [7, 2]);
  deepEqual(parseRelease("x"), [0, 0]);
});

Deno.test("probeRequirements() refuses PREEMPT_RT from 6.18 on, where a CPU may run two bottom halves at once", () => {
  const version = "#1 SMP PREEMPT_RT Debian";
  equal(probe({ release: "6.17.9", version }).get("preemption")?.state, "ok");
  equal(probe({ release: "6.18.0", version }).get("preemption")?.state, "missing");
  match(probe({ release: "6.18.0", version }).get("preemption")!.remedy, /without PREEMPT_RT/);
});

Deno.test("probeRequirements() names each capability that is not effective, and takes CAP_SYS_ADMIN for what it includes", () => {
  deepEqual(missingNames(probe({ capabilities: NET_ADMIN | BPF })), ["cap_perfmon"]);
  deepEqual(missingNames(probe({ capabilities: NET_ADMIN | SYS_ADMIN })), []);
  deepEqual(missingNames(probe({ capabilities: SYS_ADMIN })), ["cap_net_admin"]);
  deepEqual(missingNames(probe({ capabilities: NET_ADMIN | BPF | PERFMON })), []);
  const { found, remedy } = probe({ capabilities: BPF | PERFMON }).get("cap_net_admin")!;
  equal(found, "CAP_NET_ADMIN is not effective");
  match(remedy, /run as root \(sudo\), or grant CAP_NET_ADMIN to attach programs to devices/);
});

Deno.test("probeRequirements() wants more capabilities for another network namespace", () => {
  const capabilities = NET_ADMIN | BPF | PERFMON;
  const host = { namespacePath: "/proc/1/ns/net" };
  deepEqual(missingNames(probe({ capabilities }, host)), ["cap_sys_admin", "cap_sys_ptrace"]);
  deepEqual(missingNames(probe({ capabilities: capabilities | SYS_ADMIN }, host)), ["cap_sys_ptrace"]);
  deepEqual(missingNames(probe({ capabilities: capabilities | SYS_ADMIN | SYS_PTRACE }, host)), []);
  deepEqual(missingNames(probe({ capabilities: capabilities | SYS_ADMIN }, { namespacePath: "/run/netns/a" })), []);
});

Deno.test("probeRequirements() wants locked memory only of kernels that charge maps for it", () => {
  const capabilities = NET_ADMIN | BPF | PERFMON;
  const old = "5.10.0-30-amd64";
  equal(probe({ capabilities, release: "5.11.0" }).get("memlock")?.state, "ok");
  equal(probe({ capabilities, release: old }).get("memlock")?.state, "missing");
  match(probe({ capabilities, release: old }).get("memlock")!.remedy, /ulimit -l unlimited.*CAP_SYS_RESOURCE/);
  equal(probe({ capabilities: capabilities | SYS_RESOURCE, release: old }).get("memlock")?.state, "ok");
  equal(probe({ capabilities, release: old, memlock: "unlimited" }).get("memlock")?.state, "ok");
  equal(probe({ capabilities, release: old, memlock: `${64 * 1024 * 1024}` }).get("memlock")?.state, "ok");
});

Deno.test("probeRequirements() runs with less, by name, without bpffs and without tcx", () => {
  const requirements = probe({ bpffs: false }, { tcx: false });
  deepEqual(missingNames(requirements), []);
  equal(requirements.get("bpffs")?.state, "degraded");
  match(requirements.get("bpffs")!.remedy, /mount -t bpf bpf \/sys\/fs\/bpf/);
  equal(requirements.get("tcx")?.state, "degraded");
  match(requirements.get("tcx")!.found, /clsact is used/);
});

Deno.test("probeRequirements() does not claim to know about tcx where the kernel would not tell", () => {
  const { state, found } = probe({ capabilities: BPF | PERFMON }).get("tcx")!;
  equal(state, "unknown");
  match(found, /tells only who has CAP_NET_ADMIN/);
});

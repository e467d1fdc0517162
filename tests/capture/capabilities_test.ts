import { deepEqual, equal } from "node:assert/strict";
import { capabilityRequirements } from "../../src/capture/capabilities.ts";
import type { Machine } from "../../src/capture/requirements.ts";

const NET_ADMIN = 1n << 12n;
const SYS_ADMIN = 1n << 21n;
const BPF = 1n << 39n;
const PERFMON = 1n << 38n;
const ALL = NET_ADMIN | BPF | PERFMON;

function machineWith(sets: Record<string, bigint>, userId: number): Machine {
  const lines = Object.entries(sets).map(([name, bits]) => `${name}:\t${bits.toString(16).padStart(16, "0")}\n`);
  const status = `Name:\tweir\nUid:\t1000\t${userId}\t0\t0\n${lines.join("")}`;
  return {
    release: "6.12.3",
    version: "",
    arch: "x86_64",
    read: (path) => path === "/proc/self/status" ? status : undefined,
    exists: () => false,
    canWrite: () => false,
  };
}

function found(sets: Record<string, bigint>, userId = 1_000): string[] {
  return capabilityRequirements(machineWith(sets, userId), undefined).map(({ found }) => found);
}

Deno.test("capabilityRequirements() tells whom a capability is from: root, the environment, the program's file", () => {
  deepEqual(found({ CapEff: ALL }, 0), Array(3).fill("effective, as root"));
  deepEqual(found({ CapEff: ALL, CapAmb: NET_ADMIN }), [
    "effective, ambient",
    ...Array(2).fill("effective, of the program's file"),
  ]);
  deepEqual(found({ CapEff: NET_ADMIN | SYS_ADMIN, CapAmb: NET_ADMIN | SYS_ADMIN }), [
    "effective, ambient",
    ...Array(2).fill("included in CAP_SYS_ADMIN"),
  ]);
});

Deno.test("capabilityRequirements() tells what is withheld from what is not granted", () => {
  const [withheld, absent] = capabilityRequirements(machineWith({ CapEff: 0n, CapBnd: BPF }, 0), undefined);
  equal(withheld!.found, "CAP_NET_ADMIN is outside of this process's bounds");
  equal(
    withheld!.remedy,
    "let the container or service have CAP_NET_ADMIN to attach programs to devices " +
      "(Kubernetes: securityContext.capabilities.add)",
  );
  equal(absent!.found, "CAP_BPF is not effective");
  equal(absent!.remedy, "run as root (sudo), or grant CAP_BPF to load programs and maps");
});

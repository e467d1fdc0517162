import { deepEqual, equal, match } from "node:assert/strict";
import { bpfFileSystem, readMounts } from "../../src/capture/bpf_file_system.ts";
import type { Machine } from "../../src/capture/requirements.ts";

function machineWith(mounts: string | undefined, canWrite = true): Machine {
  return {
    release: "6.12.3",
    version: "",
    arch: "x86_64",
    read: (path) => path === "/proc/self/mounts" ? mounts : undefined,
    exists: () => false,
    canWrite: (path) => canWrite && path === "/sys/fs/bpf",
  };
}

const BPF = "bpf /sys/fs/bpf bpf rw,nosuid,mode=700 0 0\n";

Deno.test("bpfFileSystem() is content with a bpf file system that can be written", () => {
  deepEqual(bpfFileSystem(machineWith(BPF)), { name: "bpffs", state: "ok", found: "mounted, writable", remedy: "" });
});

Deno.test("bpfFileSystem() does not blame the machine for what one user may not write", () => {
  const { state, found } = bpfFileSystem(machineWith(BPF, false));
  deepEqual([state, found], ["ok", "mounted, not writable for this user"]);
});

Deno.test("bpfFileSystem() tells a file system of another type, also one over the right one", () => {
  for (const mounts of ["none /sys/fs/bpf tmpfs rw 0 0\n", `${BPF}none /sys/fs/bpf tmpfs rw 0 0\n`]) {
    const { state, found, remedy } = bpfFileSystem(machineWith(mounts));
    deepEqual([state, found], ["degraded", "/sys/fs/bpf is of type tmpfs, not bpf"]);
    match(remedy, /^umount \/sys\/fs\/bpf, then mount -t bpf bpf \/sys\/fs\/bpf; /);
  }
});

Deno.test("bpfFileSystem() tells one that is read only, none at all, and one that is elsewhere", () => {
  const readOnly = bpfFileSystem(machineWith("bpf /sys/fs/bpf bpf ro,relatime 0 0\n", false));
  deepEqual([readOnly.state, readOnly.found], ["degraded", "/sys/fs/bpf is mounted read-only"]);
  match(readOnly.remedy, /^mount -o remount,rw \/sys\/fs\/bpf; /);
  equal(bpfFileSystem(machineWith("proc /proc proc rw 0 0\n")).found, "no bpf file system at /sys/fs/bpf");
  equal(bpfFileSystem(machineWith(undefined)).state, "degraded");
  const elsewhere = bpfFileSystem(machineWith("bpf /run/my\\040maps bpf rw 0 0\n"));
  equal(elsewhere.found, "no bpf file system at /sys/fs/bpf, but one at /run/my maps");
});

Deno.test("readMounts() reads lines that say too little without a complaint", () => {
  deepEqual(readMounts("\nnone\nx /y z\n"), [
    { point: "", type: "", options: [""] },
    { point: "/y", type: "z", options: [""] },
  ]);
});

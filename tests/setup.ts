/**
 * Installs what the tests need beyond the build: traffic, firewall and device tools, the file system of BPF, and the
 * OpenTelemetry Collector, Helm and its test runner, which are built once. Quick when nothing is missing.
 *
 *     deno run -A tests/setup.ts [kernels] [cluster] [image]
 *
 * kernels: the emulators of the kernel matrix too; cluster: what certificates are made with, and what
 * nodes run; image: what images are built and run with.
 */

import { collectorCommand } from "./support/tools/collector.ts";
import { helmCommand } from "./support/tools/helm.ts";
import { helmUnittestCommand } from "./support/tools/helm_unittest.ts";

/** A command, and the Debian package that has it. */
const TOOLS: Record<string, string> = {
  ip: "iproute2",
  tc: "iproute2",
  nft: "nftables",
  iperf3: "iperf3",
  ethtool: "ethtool",
  openssl: "openssl",
  promtool: "prometheus",
};
const CLUSTER_TOOLS: Record<string, string> = {
  openssl: "openssl",
  setpriv: "util-linux",
  buildah: "buildah",
  debootstrap: "debootstrap",
  runc: "runc",
  containerd: "containerd",
  portmap: "containernetworking-plugins",
  busybox: "busybox-static",
};
const IMAGE_TOOLS: Record<string, string> = {
  buildah: "buildah",
  podman: "podman",
  runc: "runc",
  debootstrap: "debootstrap",
  "qemu-aarch64-static": "qemu-user-static",
  pip: "python3-pip",
};
const KERNEL_TOOLS: Record<string, string> = {
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-system-aarch64": "qemu-system-arm",
  xz: "xz-utils",
};

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function isInstalled(command: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin", "/bin", "/usr/lib/cni"];
  return folders.some((folder) => exists(`${folder}/${command}`));
}

function run(command: string, args: string[]): void {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const { success, stderr } = new Deno.Command(command, { args, env, stdout: "null", stderr: "piped" }).outputSync();
  if (success) return;
  Deno.stderr.writeSync(stderr);
  console.error(`setup: ${command} ${args.join(" ")} failed`);
  Deno.exit(1);
}

const tools = {
  ...TOOLS,
  ...(Deno.args.includes("kernels") ? KERNEL_TOOLS : {}),
  ...(Deno.args.includes("cluster") ? CLUSTER_TOOLS : {}),
  ...(Deno.args.includes("image") ? IMAGE_TOOLS : {}),
};
const missing = Object.entries(tools).filter(([command]) => !isInstalled(command));
if (missing.length) {
  const packages = [...new Set(missing.map(([, name]) => name))];
  console.error(`setup: installing ${packages.join(" ")} (once)`);
  run("apt-get", ["update", "-q"]);
  run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...packages]);
}
if (!Deno.readTextFileSync("/proc/mounts").split("\n").some((line) => line.split(" ")[2] === "bpf")) {
  run("mount", ["-t", "bpf", "bpf", "/sys/fs/bpf"]);
}
if (!Deno.args.length || Deno.args.includes("cluster")) {
  await collectorCommand();
  await helmCommand();
}
if (!Deno.args.length) await helmUnittestCommand();

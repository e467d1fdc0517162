import { equal } from "node:assert/strict";
import { memoryLimitBytes } from "../src/memory_limit.ts";

const MIB = 1024 * 1024;

function limitOf(files: Record<string, string>): number | undefined {
  return memoryLimitBytes((path) => files[path]);
}

Deno.test("memoryLimitBytes() is a container's limit, version 2", () => {
  equal(limitOf({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${211 * MIB}\n` }), 211 * MIB);
});

Deno.test("memoryLimitBytes() is the least of all groups around the process", () => {
  equal(
    limitOf({
      "/proc/self/cgroup": "0::/pods/pod7/weir\n",
      "/sys/fs/cgroup/pods/memory.max": `${1009 * MIB}\n`,
      "/sys/fs/cgroup/pods/pod7/memory.max": `${307 * MIB}\n`,
      "/sys/fs/cgroup/pods/pod7/weir/memory.max": "max\n",
    }),
    307 * MIB,
  );
});

Deno.test("memoryLimitBytes() reads version 1, where the path may be the host's", () => {
  const cgroups = "9:name=systemd:/x\n4:cpu,memory:/kubepods/pod7/c1\n0::/\n";
  equal(
    limitOf({ "/proc/self/cgroup": cgroups, "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${211 * MIB}\n` }),
    211 * MIB,
  );
});

Deno.test("memoryLimitBytes() is undefined where nothing is limited or told", () => {
  equal(limitOf({}), undefined);
  equal(limitOf({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" }), undefined);
  equal(
    limitOf({
      "/proc/self/cgroup": "4:memory:/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }),
    undefined,
  );
  equal(
    limitOf({ "/proc/self/cgroup": "4:cpu:/\n0::/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1009\n" }),
    undefined,
    "no group of its memory is known",
  );
});

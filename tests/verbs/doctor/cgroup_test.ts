import { deepEqual, equal, match } from "node:assert/strict";
import { cgroup, readCgroup } from "../../../src/verbs/doctor/cgroup.ts";
import { machineWith } from "../../support/machine_with.ts";

const MIB = 1024 * 1024;

const V2 = { "/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n" };

Deno.test("readCgroup() takes the tightest limits on the way up", () => {
  const limits = readCgroup(machineWith({
    ...V2,
    "/proc/self/cgroup": "0::/kubepods/pod7/weir\n",
    "/sys/fs/cgroup/kubepods/pod7/weir/memory.max": "max\n",
    "/sys/fs/cgroup/kubepods/pod7/memory.max": `${211 * MIB}\n`,
    "/sys/fs/cgroup/kubepods/memory.max": `${997 * MIB}\n`,
    "/sys/fs/cgroup/kubepods/pod7/weir/cpu.max": "max 100000\n",
    "/sys/fs/cgroup/kubepods/cpu.max": "150000 100000\n",
  }));
  deepEqual(limits, { version: 2, memoryBytes: 211 * MIB, cpus: 1.5 });
});

Deno.test("readCgroup() sees a container's own group at the root of its namespace", () => {
  const limits = readCgroup(machineWith({
    ...V2,
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/memory.max": "1048576\n",
    "/sys/fs/cgroup/cpu.max": "50000 100000\n",
  }));
  deepEqual(limits, { version: 2, memoryBytes: MIB, cpus: 0.5 });
});

Deno.test("readCgroup() reads version 1, whose largest number is no limit", () => {
  const files = {
    "/proc/self/mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n" +
      "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n",
    "/proc/self/cgroup": "5:memory:/docker/weir\n3:cpu,cpuacct:/docker/weir\n",
    "/sys/fs/cgroup/memory/docker/weir/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_period_us": "100000\n",
  };
  deepEqual(readCgroup(machineWith(files)), { version: 1, memoryBytes: undefined, cpus: undefined });
  const limited = {
    ...files,
    "/sys/fs/cgroup/memory/docker/weir/memory.limit_in_bytes": `${101 * MIB}\n`,
    "/sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_quota_us": "200000\n",
  };
  deepEqual(readCgroup(machineWith(limited)), { version: 1, memoryBytes: 101 * MIB, cpus: 2 });
});

Deno.test("cgroup() says whether weir fits in with a full table, and that it cannot see what it cannot", () => {
  const fits = cgroup({ version: 2, memoryBytes: 211 * MIB, cpus: 1.5 }, 200 * MIB);
  deepEqual([fits.state, fits.remedy], ["ok", ""]);
  equal(fits.found, "version 2, 211MiB of memory, 1.5 CPUs; a full table takes 200MiB");
  const tight = cgroup({ version: 2, memoryBytes: 128 * MIB, cpus: undefined }, 200 * MIB);
  equal(tight.state, "degraded");
  match(tight.found, /no limit of CPU/);
  match(tight.remedy, /^allow 200MiB, or lower limits\.flows_max/);
  equal(cgroup(readCgroup(machineWith({})), 1).state, "unknown");
});

import { deepEqual, equal, match } from "node:assert/strict";
import { clockDiscipline } from "../../../src/libc.ts";
import { clockSource, compiler, lockdown, wallClock } from "../../../src/verbs/doctor/machine_facts.ts";
import { machineWith } from "../../support/machine_with.ts";

Deno.test("lockdown() names the mode in force, none of which is in weir's way", () => {
  const said = (text: string) => lockdown(machineWith({ "/sys/kernel/security/lockdown": text }));
  deepEqual([said("[none] integrity confidentiality\n").state, said("[none] integrity\n").found], ["ok", "none"]);
  match(said("none [integrity] confidentiality\n").found, /^integrity: /);
  match(lockdown(machineWith({})).found, /^this kernel has none/);
});

Deno.test("compiler() believes the program that was loaded before it believes the setting", () => {
  const setting = (value: string) => machineWith({ "/proc/sys/net/core/bpf_jit_enable": value });
  equal(compiler(setting("0\n"), 10_007).state, "ok");
  equal(compiler(setting("1\n"), 0).state, "degraded");
  equal(compiler(setting("0\n"), undefined).state, "degraded");
  equal(compiler(setting("1\n"), undefined).found, "on");
  equal(compiler(machineWith({}), undefined).state, "unknown");
});

Deno.test("clockSource() warns of clocks that are slow to read", () => {
  const path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
  for (const fast of ["tsc", "kvm-clock", "arch_sys_counter"]) {
    equal(clockSource(machineWith({ [path]: `${fast}\n` })).state, "ok");
  }
  const slow = clockSource(machineWith({ [path]: "hpet\n" }));
  deepEqual([slow.state, slow.found], ["degraded", "hpet, which is slow to read, and every packet reads it"]);
  equal(clockSource(machineWith({})).state, "unknown");
});

/** The wall clock goes so much further than the monotonic one at each look. */
function clockThatSteps(stepNs: bigint) {
  let looks = 0n;
  return { wallNs: () => 1_000n + stepNs * looks++, monotonicNs: () => 1_000n };
}

Deno.test("wallClock() tells a clock that is steered, one that is not, and one that jumps", async () => {
  const wait = () => Promise.resolve();
  const steered = await wallClock({ synchronized: true, errorMostUs: 2_500 }, clockThatSteps(0n), wait);
  deepEqual([steered.state, steered.found], ["ok", "synchronized, wrong by 3 ms at most"]);
  const free = await wallClock({ synchronized: false, errorMostUs: 16_000_000 }, clockThatSteps(999_999n), wait);
  deepEqual([free.state, free.found], ["degraded", "not synchronized by NTP"]);
  for (const stepNs of [1_500_000n, -1_500_000n]) {
    const jumping = await wallClock({ synchronized: true, errorMostUs: 1 }, clockThatSteps(stepNs), wait);
    equal(jumping.state, "degraded");
    match(jumping.found, /the wall clock went -?1\.5 ms from the monotonic one/);
  }
});

Deno.test("clockDiscipline() reads what adjtimex(2) says here, as adjtimex(8)'s own struct has it", () => {
  const { synchronized, errorMostUs } = clockDiscipline();
  equal(typeof synchronized, "boolean");
  // the kernel lets the bound grow up to 16 s while nobody disciplines the clock (NTP_PHASE_LIMIT)
  equal(errorMostUs >= 0 && errorMostUs <= 16_000_000, true, `${errorMostUs} µs`);
});

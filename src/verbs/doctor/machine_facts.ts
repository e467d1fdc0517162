/** What tells how well weir runs here, beside what it needs to run: the kernel's lockdown, its compiler, its clocks. */
import type { Machine, Requirement } from "../../capture/mod.ts";
import type { Clock } from "../../clock.ts";

const LOCKDOWN_PATH = "/sys/kernel/security/lockdown";
const CLOCK_SOURCE_PATH = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/** Clock sources that are read without leaving the CPU. */
const FAST_CLOCK_SOURCES = new Set(["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"]);
/** A step of the wall clock that spans' times show. */
const STEP_WORTH_TELLING_NS = 1_000_000n;
const US_PER_MS = 1_000;

/** The kernel's lockdown (kernel_lockdown(7)): weir's programs read packets alone, which no mode forbids. */
export function lockdown(machine: Machine): Requirement {
  const text = machine.read(LOCKDOWN_PATH);
  const mode = /\[(\w+)\]/.exec(text ?? "")?.[1];
  if (mode === undefined) return fact("lockdown", "ok", "this kernel has none, or does not show it");
  return fact("lockdown", "ok", mode === "none" ? "none" : `${mode}: programs that read packets alone may run`);
}

/** codeBytes: of machine code that the program became; undefined where it could not be loaded. */
export function compiler(machine: Machine, codeBytes: number | undefined): Requirement {
  const setting = machine.read("/proc/sys/net/core/bpf_jit_enable")?.trim();
  const isOff = codeBytes === 0 || (codeBytes === undefined && setting === "0");
  if (isOff) {
    return fact(
      "jit",
      "degraded",
      "programs are interpreted",
      "sysctl net.core.bpf_jit_enable=1: packets cost less then",
    );
  }
  if (codeBytes !== undefined) return fact("jit", "ok", `on: the program is ${codeBytes} bytes of machine code`);
  return setting ? fact("jit", "ok", "on") : fact("jit", "unknown", "only root is told", "ask again as root");
}

/** The clock that every packet asks for its time. */
export function clockSource(machine: Machine): Requirement {
  const source = machine.read(CLOCK_SOURCE_PATH)?.trim();
  if (!source) return fact("clock source", "unknown", `no ${CLOCK_SOURCE_PATH}`);
  if (FAST_CLOCK_SOURCES.has(source)) return fact("clock source", "ok", source);
  return fact(
    "clock source",
    "degraded",
    `${source}, which is slow to read, and every packet reads it`,
    "see why the kernel left the CPU's own clock (dmesg | grep -i clocksource)",
  );
}

export interface Discipline {
  synchronized: boolean;
  errorMostUs: number;
}

/** What the kernel says of its wall clock, and whether it moved against the monotonic one while `wait` took its time. */
export async function wallClock(discipline: Discipline, clock: Clock, wait: () => Promise<void>): Promise<Requirement> {
  const before = clock.wallNs() - clock.monotonicNs();
  await wait();
  const stepNs = clock.wallNs() - clock.monotonicNs() - before;
  const steps = stepNs >= STEP_WORTH_TELLING_NS || stepNs <= -STEP_WORTH_TELLING_NS;
  if (steps) {
    return fact(
      "clock",
      "degraded",
      `the wall clock went ${Number(stepNs) / 1e6} ms from the monotonic one just now`,
      "see who sets it; let one NTP client steer it slowly",
    );
  }
  if (discipline.synchronized) {
    const errorMs = Math.ceil(discipline.errorMostUs / US_PER_MS);
    return fact("clock", "ok", `synchronized, wrong by ${errorMs} ms at most`);
  }
  return fact(
    "clock",
    "degraded",
    "not synchronized by NTP",
    "run chrony, systemd-timesyncd or another NTP client: spans of different nodes do not line up else",
  );
}

function fact(name: string, state: Requirement["state"], found: string, remedy = ""): Requirement {
  return { name, state, found, remedy };
}

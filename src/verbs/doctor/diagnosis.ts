/** Everything that doctor looks at, in one go. */
import {
  type AttachTrialResult,
  type Kernel,
  type KernelFeatures,
  missing,
  openLibbpf,
  probeRequirements,
  type Requirement,
  thisMachine,
} from "../../capture/mod.ts";
import { systemClock } from "../../clock.ts";
import { UsageError } from "../../errors.ts";
import { clockDiscipline } from "../../libc.ts";
import type { Settings } from "../../settings/mod.ts";
import { fitTable, plannedBytes } from "../fit_table.ts";
import { receiverOptions } from "../otlp_exporters.ts";
import { type Trials, tryInterfaces, type Wanted } from "./attach_trials.ts";
import { cgroup, readCgroup } from "./cgroup.ts";
import { askFindings, type Finding } from "./findings.ts";
import type { HookReport } from "./hooks.ts";
import type { Said } from "./cluster_access.ts";
import { clockSource, compiler, lockdown, wallClock } from "./machine_facts.ts";

export interface Diagnosis {
  /** Nothing that a run needs is missing. */
  ok: boolean;
  /** Of the machine. */
  requirements: Requirement[];
  interfaces: AttachTrialResult[];
  hooks: HookReport[];
  receivers: Requirement[];
  cluster: Requirement[];
  /** Undefined: no agent answers. */
  findings: Finding[] | undefined;
}

/** How long the clocks are looked at. */
const CLOCK_LOOK_MS = 200;

/** Throws UsageError for an interface that there is not. */
export async function diagnose(said: Said, wanted: Wanted, socket: string): Promise<Diagnosis> {
  const { settings } = said;
  const machine = thisMachine();
  const { requirements, kernel, features } = probeRequirements(machine, openLibbpf, {
    namespacePath: settings.discovery.instrument.network_namespace,
  });
  const trials = tryIfPossible(requirements, kernel, features, settings, wanted);
  requirements.push(
    ...trials.problem ? [trials.problem] : [],
    lockdown(machine),
    compiler(machine, trials.codeBytes),
    cgroup(readCgroup(machine), plannedBytes(fitTable(said).settings)),
    clockSource(machine),
    await wallClock(clockDiscipline(), systemClock, () => new Promise((resolve) => setTimeout(resolve, CLOCK_LOOK_MS))),
  );
  const [receivers, cluster, findings] = await Promise.all([
    checkReceivers(settings),
    checkCluster(said),
    askFindings(socket),
  ]);
  const lacks = [...requirements, ...receivers, ...cluster].some(({ state }) => state === "missing") ||
    trials.interfaces.some(({ result, up }) => result === "failed" && up);
  const { interfaces, hooks } = trials;
  return { ok: !lacks, requirements, interfaces, hooks, receivers, cluster, findings };
}

/** Nothing is tried where something is missing: it could only fail. */
function tryIfPossible(
  requirements: readonly Requirement[],
  kernel: Kernel | undefined,
  features: KernelFeatures | undefined,
  settings: Settings,
  wanted: Wanted,
): Trials {
  if (!kernel || !features || missing(requirements).length) return { interfaces: [], hooks: [], codeBytes: undefined };
  return tryInterfaces({ kernel, features }, settings, wanted);
}

async function checkReceivers({ export: { traces } }: Settings): Promise<Requirement[]> {
  if (!traces.otlp.length) return [];
  // loaded only here: it takes memory
  const { checkReceiver } = await import("./receivers.ts");
  return await Promise.all(traces.otlp.map(async (receiver) => {
    try {
      return await checkReceiver(receiverOptions(receiver), Date.now());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const name = `receiver ${receiver.name ?? "otlp"}`;
      return { name, state: "missing" as const, found: error.message, remedy: "name a file that can be read" };
    }
  }));
}

async function checkCluster(said: Said): Promise<Requirement[]> {
  const { checkCluster } = await import("./cluster_access.ts");
  return await checkCluster(said, (name) => Deno.env.get(name));
}

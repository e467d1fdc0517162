/** What `weir run` needs of the machine, asked for before anything is touched. */
import {
  type AttachMode,
  cleanLeftovers,
  isLiteral,
  type Kernel,
  type KernelFeatures,
  missing,
  type NetworkNamespace,
  openLibbpf,
  probeRequirements,
  type Requirement,
  thisMachine,
  withLinks,
} from "../capture/mod.ts";
import { systemClock } from "../clock.ts";
import { EnvironmentError, UsageError } from "../errors.ts";
import { log } from "../log.ts";
import { nearest, type Settings } from "../settings/mod.ts";

/** What a machine has that weir can run on. */
export interface Machine {
  kernel: Kernel;
  features: KernelFeatures;
}

/** Asks for all that the machine must have. Throws EnvironmentError with everything that is missing. */
export function requireMachine(settings: Settings): Machine {
  const { requirements, kernel, features } = probeRequirements(thisMachine(), openLibbpf, {
    namespacePath: settings.discovery.instrument.network_namespace,
  });
  const lacking = missing(requirements);
  if (lacking.length || !kernel || !features) {
    throw new EnvironmentError(`Cannot run here:\n${lacking.map(requirementText).join("\n")}`);
  }
  for (const requirement of requirements.filter(({ state }) => state === "degraded")) {
    log.info("{requirement}", { requirement: requirementText(requirement).trim() });
  }
  return { kernel, features };
}

function requirementText({ name, found, remedy }: Requirement): string {
  return `  ${name}: ${found}; ${remedy}`;
}

/** A pattern that names one device must name one that there is: a slip of the pen would watch nothing, silently. */
export function checkInterfaces(patterns: readonly string[], present: readonly string[]): void {
  const unknown = patterns.filter((pattern) => isLiteral(pattern) && !present.includes(pattern));
  if (!unknown.length) return;
  const lines = unknown.map((name) => {
    const near = nearest(name, present);
    return `Unknown interface "${name}": ${near ? `did you mean "${near}"?` : `there are ${present.join(", ")}`}`;
  });
  throw new UsageError(lines.join("\n"));
}

/** Holds up this thread: nothing runs yet that would have to go on. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Removes what a killed run left on the hooks. Returns the names of the devices there are. */
export function cleanUp(kernel: Kernel, namespace: NetworkNamespace): string[] {
  return withLinks(namespace, (links) => {
    for (const leftover of cleanLeftovers(kernel, links, { monotonicNs: systemClock.monotonicNs, sleep })) {
      log.warn("Removed {program} from {hook} of {name}: a run before this one was killed and left it there", {
        program: leftover.program,
        hook: leftover.hook,
        name: leftover.interface,
      });
    }
    return links.list().map(({ name }) => name);
  });
}

/** Throws EnvironmentError when what is asked for is not there. */
export function chooseMode(settings: Settings, { tcx }: KernelFeatures): AttachMode {
  const { attach } = settings.discovery.instrument;
  if (attach === "tcx" && !tcx) {
    throw new EnvironmentError("Cannot attach by tcx: this kernel has no tcx hooks (6.6); use --attach tc or auto");
  }
  return attach === "auto" ? (tcx ? "tcx" : "tc") : attach;
}

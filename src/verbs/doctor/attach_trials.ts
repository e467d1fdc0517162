/** The trial of attaching on every device that is wanted, in the namespace that is to be watched. */
import { flowProgramImage } from "../../artifacts.ts";
import {
  AttachTrial,
  type AttachTrialResult,
  chooseInterfaces,
  type Kernel,
  type KernelFeatures,
  type Links,
  openNamespace,
  type Requirement,
  withLinks,
} from "../../capture/mod.ts";
import { EnvironmentError, KernelError } from "../../errors.ts";
import type { Settings } from "../../settings/mod.ts";
import { checkInterfaces, chooseMode } from "../machine.ts";
import { type HookReport, listHooks } from "./hooks.ts";

/** Which devices: patterns as --interface takes them. */
export interface Wanted {
  interfaces: readonly string[];
  /** Whether hooks are tried, or only looked at. */
  isTried: boolean;
}

export interface Trials {
  interfaces: AttachTrialResult[];
  hooks: HookReport[];
  /** Undefined: nothing was loaded. */
  codeBytes: number | undefined;
  /** What kept all of it from being tried. */
  problem?: Requirement;
}

/** Throws UsageError for an interface that there is not. */
export function tryInterfaces(
  { kernel, features }: { kernel: Kernel; features: KernelFeatures },
  settings: Settings,
  wanted: Wanted,
): Trials {
  const namespace = openNamespace(settings.discovery.instrument.network_namespace);
  try {
    return withLinks(namespace, (links) => {
      const hooks = listHooks(kernel, links);
      const names = links.list().map(({ name }) => name);
      checkInterfaces(wanted.interfaces, names);
      if (!wanted.isTried) return { interfaces: [], hooks, codeBytes: undefined };
      return { ...tryAll(kernel, features, links, settings, wanted), hooks };
    });
  } finally {
    namespace.close();
  }
}

function tryAll(
  kernel: Kernel,
  features: KernelFeatures,
  links: Links,
  settings: Settings,
  { interfaces }: Wanted,
): Omit<Trials, "hooks"> {
  const { tcx_order: order, tc_priority: priority } = settings.discovery.instrument;
  const isWanted = chooseInterfaces(interfaces);
  let trial: AttachTrial;
  try {
    const mode = chooseMode(settings, features);
    const parts = { kernel, links, image: flowProgramImage(), cpuCount: features.possibleCpus };
    trial = new AttachTrial({ ...parts, mode, order, priority });
  } catch (error) {
    if (!(error instanceof KernelError || error instanceof EnvironmentError)) throw error;
    return { interfaces: [], codeBytes: undefined, problem: cannotLoad(error) };
  }
  try {
    const tried = links.list().filter(({ name }) => isWanted(name)).map((device) => trial.try(device));
    return { interfaces: tried, codeBytes: trial.machineCodeBytes() };
  } finally {
    trial.close();
  }
}

function cannotLoad(error: KernelError | EnvironmentError): Requirement {
  const verifier = error instanceof KernelError ? error.verifierLog.trim().split("\n").at(-1) : "";
  return {
    name: "program",
    state: "missing",
    found: error.message + (verifier ? ` (the verifier: ${verifier})` : ""),
    remedy: error instanceof EnvironmentError
      ? "choose another way of attaching"
      : "report it, with what weir support-bundle collects",
  };
}

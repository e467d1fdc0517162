/** Puts other settings in force on a running agent. */
import type { Agent } from "../agent.ts";
import { chooseInterfaces } from "../capture/mod.ts";
import { KernelError, UsageError } from "../errors.ts";
import { startLogging } from "../log.ts";
import type { Settings } from "../settings/mod.ts";
import type { ChosenExporters } from "./chosen_exporters.ts";
import { checkInterfaces } from "./machine.ts";
import { tableOptions } from "./settings_parts.ts";

/** All that can go wrong comes first: throws UsageError with nothing changed. */
export async function applySettings(agent: Agent, exporters: ChosenExporters, next: Settings): Promise<void> {
  if (agent.state !== "running") throw new UsageError("Cannot change settings: the agent stops");
  const { interfaces } = next.discovery.instrument;
  const wanted = chooseInterfaces(interfaces);
  const present = agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined);
  checkInterfaces(interfaces, present.map(({ device }) => device.name));
  const { flows_max } = next.limits;
  if (flows_max > agent.plan.flowsMax) {
    const most = agent.plan.flowsMax;
    throw new UsageError(`Cannot hold ${flows_max} flows: memory was set aside for ${most}; restart for more`);
  }
  const chosen = await exporters.choose(next);
  useFilter(agent, next);

  await startLogging(next.log_level, next.log_format);
  await agent.useExporters(chosen, next.shutdown_timeout);
  agent.tune({ ...tableOptions(next), flowsMax: flows_max });
  agent.useInterfaces(wanted);
}

/** The kernel may refuse the program that a filter wants: then the one before stays. */
function useFilter(agent: Agent, { filter }: Settings): void {
  try {
    agent.useFilter(filter);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new UsageError(`Cannot use the filter: ${error.message}`, { cause: error });
  }
}

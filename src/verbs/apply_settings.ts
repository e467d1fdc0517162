/** Puts other settings in force on a running agent. */
import type { Agent } from "../agent.ts";
import { chooseInterfaces } from "../capture/mod.ts";
import { KernelError, UsageError } from "../errors.ts";
import { startLogging } from "../log.ts";
import type { Settings } from "../settings/mod.ts";
import type { ChosenExporters } from "./chosen_exporters.ts";
import { checkInterfaces } from "./machine.ts";
import { tableOptions } from "./settings_parts.ts";

/** All that can be refused comes first: throws UsageError with nothing changed. */
export async function applySettings(agent: Agent, exporters: ChosenExporters, next: Settings): Promise<void> {
  const { interfaces } = next.discovery.instrument;
  const wanted = chooseInterfaces(interfaces);
  const present = agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined);
  checkInterfaces(interfaces, present.map(({ device }) => device.name));
  const { flows_max } = next.limits;
  if (flows_max > agent.plan.flowsMax) {
    const most = agent.plan.flowsMax;
    throw new UsageError(`Cannot hold ${flows_max} flows: memory was set aside for ${most}; restart for more`);
  }
  const choice = await exporters.choose(next);
  try {
    useFilter(agent, next);
  } catch (error) {
    await choice.drop();
    throw error;
  }

  // from the look at its state on nothing is waited for: the agent's end comes before all of it, or after
  agent.useExporters(choice.exporters, next.shutdown_timeout);
  choice.keep();
  agent.tune({ ...tableOptions(next), flowsMax: flows_max });
  agent.useInterfaces(wanted);
  await startLogging(next.log_level, next.log_format);
}

/** The kernel may refuse the program that a filter wants: then the one before stays. */
function useFilter(agent: Agent, { filter }: Settings): void {
  if (agent.state !== "running") throw new UsageError("Cannot change settings: the agent stops");
  try {
    agent.useFilter(filter);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new UsageError(`Cannot use the filter: ${error.message}`, { cause: error });
  }
}

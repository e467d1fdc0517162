/** Waits for the end of a run. */
import type { Agent } from "../agent.ts";
import { LineExporter } from "../export/mod.ts";

const LOOK_MS = 200;

/** Resolves with the reason when it is time to stop. Rejects when the agent broke. */
export async function untilStopped(agent: Agent, durationMs: number | undefined): Promise<string> {
  const stopped = Promise.withResolvers<string>();
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  const handlers = signals.map((signal) => [signal, () => stopped.resolve(`got ${signal}`)] as const);
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  const timers = [
    setInterval(() => {
      const broken = agent.exporters.some((exporter) => exporter instanceof LineExporter && exporter.isBroken);
      if (broken) stopped.resolve("nobody reads the output any more");
    }, LOOK_MS),
    ...(durationMs === undefined ? [] : [setTimeout(() => stopped.resolve("the duration is over"), durationMs)]),
  ];
  try {
    return await Promise.race([stopped.promise, agent.failed]);
  } finally {
    timers.forEach(clearTimeout);
    for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
  }
}

/** Waits for the end of a run. */
import type { Agent } from "../agent.ts";

const LOOK_MS = 200;

/** Resolves with the reason when it is time to stop. Rejects when the agent broke, or with `failed`. */
export async function untilStopped(
  agent: Agent,
  durationMs: number | undefined,
  signal: Promise<Deno.Signal>,
  failed?: Promise<never>,
): Promise<string> {
  const stopped = Promise.withResolvers<string>();
  const timers = [
    setInterval(() => {
      if (agent.exporters.every((exporter) => exporter.isOver)) stopped.resolve("nobody reads the output any more");
    }, LOOK_MS),
    ...(durationMs === undefined ? [] : [setTimeout(() => stopped.resolve("the duration is over"), durationMs)]),
  ];
  try {
    return await Promise.race([
      signal.then((name) => `got ${name}`),
      stopped.promise,
      agent.failed,
      ...(failed ? [failed] : []),
    ]);
  } finally {
    timers.forEach(clearTimeout);
  }
}

/** Waits for the end of a run. */
import type { Agent } from "../agent.ts";

const LOOK_MS = 200;
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Being told to stop, by a signal. Caught from before the first hook is attached: a signal that ended the process there
 * would leave hooks behind. Once disposed of, signals end the process as they do any other.
 */
export class StopSignal implements Disposable {
  readonly #caught = Promise.withResolvers<string>();
  readonly #handlers = SIGNALS.map((signal) => [signal, () => this.#caught.resolve(`got ${signal}`)] as const);
  /** Resolves with the reason. */
  readonly caught = this.#caught.promise;

  constructor() {
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}

/** Resolves with the reason when it is time to stop. Rejects when the agent broke. */
export async function untilStopped(
  agent: Agent,
  durationMs: number | undefined,
  signal: Promise<string>,
): Promise<string> {
  const stopped = Promise.withResolvers<string>();
  const timers = [
    setInterval(() => {
      if (agent.exporters.every((exporter) => exporter.isOver)) stopped.resolve("nobody reads the output any more");
    }, LOOK_MS),
    ...(durationMs === undefined ? [] : [setTimeout(() => stopped.resolve("the duration is over"), durationMs)]),
  ];
  try {
    return await Promise.race([signal, stopped.promise, agent.failed]);
  } finally {
    timers.forEach(clearTimeout);
  }
}

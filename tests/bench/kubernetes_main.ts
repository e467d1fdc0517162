/**
 * Follows a cluster and does nothing else, so that it can be measured from outside. Says when all lists are in, as JSON
 * on one line, goes on until its stdin ends, and says how many changes it heard of.
 *
 *     deno run -A tests/bench/kubernetes_main.ts KUBECONFIG
 */
import { AttributeSets } from "../../src/attribute_sets.ts";
import { clockNs } from "../../src/libc.ts";
import { startLogging } from "../../src/log.ts";

/** What the main says in the end. */
export interface ChangesReport {
  /** Changes of pods that it heard of. */
  changes: number;
}

/** What the main says when all lists are in. */
export interface FollowedReport {
  /** From start to all lists. */
  readyS: number;
  /** The longest time that the event loop kept a timer waiting, in CPU time of its thread and by the wall. */
  pauseCpuMs: number;
  pauseWallMs: number;
  /** The same before the first object came: once in a process, to set up TLS. */
  connectCpuMs: number;
  pods: number;
}

const CLOCK_THREAD_CPUTIME = 3;
const TICK_MS = 1;
const POLL_MS = 5;

/** Ticks of a timer, and the longest time between two of them. */
class Pauses {
  #wallMs = performance.now();
  #cpuNs = clockNs(CLOCK_THREAD_CPUTIME);
  longestWallMs = 0;
  longestCpuMs = 0;

  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  #tick(): void {
    const [wallMs, cpuNs] = [performance.now(), clockNs(CLOCK_THREAD_CPUTIME)];
    this.longestWallMs = Math.max(this.longestWallMs, wallMs - this.#wallMs - TICK_MS);
    this.longestCpuMs = Math.max(this.longestCpuMs, Number(cpuNs - this.#cpuNs) / 1e6);
    [this.#wallMs, this.#cpuNs] = [wallMs, cpuNs];
  }

  /** The timer itself would be measured. */
  stop(): void {
    clearInterval(this.#timer);
  }

  restart(): void {
    this.longestWallMs = this.longestCpuMs = 0;
  }
}

async function main(kubeconfigPath: string): Promise<void> {
  await startLogging("warn", "text");
  const { DEFAULT_OPTIONS, KubernetesNames } = await import("../../src/enrich/kubernetes/mod.ts");
  const names = await KubernetesNames.open({
    options: { ...DEFAULT_OPTIONS, kubeconfigPath },
    sets: new AttributeSets(),
  });
  const countOf = () => names.sizes().objects.find(({ kind }) => kind === "Pod")!.count;
  const wait = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const pauses = new Pauses();
  await wait();
  pauses.restart();
  const startedMs = performance.now();
  names.start();
  while (!names.sizes().claims) await wait();
  const connectCpuMs = pauses.longestCpuMs;
  pauses.restart();
  while (!names.readiness().isReady) await wait();
  const report: FollowedReport = {
    readyS: (performance.now() - startedMs) / 1e3,
    pauseCpuMs: pauses.longestCpuMs,
    pauseWallMs: pauses.longestWallMs,
    connectCpuMs,
    pods: countOf(),
  };
  pauses.stop();
  console.log(JSON.stringify(report));
  for await (const _ of Deno.stdin.readable) continue;
  const changes: ChangesReport = { changes: names.counters.of("Pod").events.modified };
  console.log(JSON.stringify(changes));
  await names.close();
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args[0]!);

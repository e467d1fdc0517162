/** Where this process's time and memory go, as V8 tells it. */
import { Session } from "node:inspector";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";

/** Samples are taken so often. */
const SAMPLE_US = 1_000;

let isProfiling = false;

/**
 * A CPU profile of the main thread (the format of Chrome's DevTools, .cpuprofile); undefined where one is being made
 * already.
 */
export async function cpuProfile(durationMs: number): Promise<unknown> {
  if (isProfiling) return undefined;
  isProfiling = true;
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: Record<string, unknown> = {}) =>
    new Promise<unknown>((resolve, reject) =>
      session.post(
        method,
        parameters,
        (error: Error | null, result?: unknown) => error ? reject(error) : resolve(result),
      )
    );
  try {
    await post("Profiler.enable");
    await post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    await post("Profiler.start");
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    return (await post("Profiler.stop") as { profile: unknown }).profile;
  } finally {
    session.disconnect();
    isProfiling = false;
  }
}

/** Bytes of memory by what holds them. */
export function memoryFigures(): Record<string, unknown> {
  const { rss, external } = Deno.memoryUsage();
  const { total_heap_size, used_heap_size, heap_size_limit, malloced_memory } = getHeapStatistics();
  return {
    resident_bytes: rss,
    heap_bytes: total_heap_size,
    heap_used_bytes: used_heap_size,
    heap_limit_bytes: heap_size_limit,
    external_bytes: external,
    malloced_bytes: malloced_memory,
    heap_spaces: Object.fromEntries(
      getHeapSpaceStatistics().map((space) => [space.space_name, {
        bytes: space.space_size,
        used_bytes: space.space_used_size,
      }]),
    ),
  };
}

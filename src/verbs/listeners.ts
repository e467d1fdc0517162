/** Everything that answers questions about the agent: its socket, the health port, the metrics port. */
import type { Agent } from "../agent.ts";
import { isBpfFileSystemWritable, thisMachine } from "../capture/mod.ts";
import { type Listener, listenOnPort, listenOnSocket } from "../serve/mod.ts";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT, type Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";

export type Routes = Parameters<typeof listenOnSocket>[1];

/** Closes all of them when disposed of. */
export async function openListeners(
  settings: Settings,
  socket: string,
  agent: Agent,
  routes: Routes,
): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const open = (listener: Listener | undefined) => opening.defer(async () => await listener?.close());
  open(await listenOnSocket(socket, routes));
  const { server, metrics } = settings.internal;
  if (server.enabled) open(listenOnPort(portOptions("health", server, HEALTH_PORT_DEFAULT), routes));
  if (metrics.enabled) {
    open(listenOnPort(portOptions("metrics", metrics, METRICS_PORT_DEFAULT), await metricsRoute(agent, settings)));
  }
  return opening.move();
}

type PortSettings = Settings["internal"]["server"];

function portOptions(name: string, { listen_address: address, port }: PortSettings, portDefault: number) {
  return { name, address, port: port ?? portDefault, chosen: port !== undefined };
}

async function metricsRoute(agent: Agent, { internal }: Settings): Promise<Routes> {
  // loaded only here: the library costs memory
  const { Metrics } = await import("../serve/metrics/metrics.ts");
  const { metricsRoutes } = await import("../serve/metrics/metrics_routes.ts");
  return metricsRoutes(
    new Metrics(agent, {
      version: VERSION,
      isBpfFsWritable: () => isBpfFileSystemWritable(thisMachine()),
      withDebug: internal.metrics.debug_metrics_enabled,
      staleTtlMs: internal.metrics.stale_metric_ttl,
      nowMs: () => performance.now(),
    }),
  );
}

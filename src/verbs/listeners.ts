/** Everything that answers questions about the agent: its socket, the health port, the metrics port. */
import { createRoutes, type Listener, listenOnPort, listenOnSocket, type RouteOptions } from "../serve/mod.ts";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT, type Settings } from "../settings/mod.ts";

export type Routes = Parameters<typeof listenOnSocket>[1];

/** Closes all of them when disposed of. */
export async function openListeners(
  socket: string,
  options: RouteOptions,
): Promise<AsyncDisposable> {
  const routes: Routes = createRoutes(options).fetch;
  await using opening = new AsyncDisposableStack();
  const open = (listener: Listener | undefined) => opening.defer(async () => await listener?.close());
  open(await listenOnSocket(socket, routes));
  const { server, metrics } = options.settings.settings.internal;
  if (server.enabled) open(listenOnPort(portOptions("health", server, HEALTH_PORT_DEFAULT), routes));
  if (metrics.enabled) {
    open(listenOnPort(portOptions("metrics", metrics, METRICS_PORT_DEFAULT), await metricsRoute(options)));
  }
  return opening.move();
}

type PortSettings = Settings["internal"]["server"];

function portOptions(name: string, { listen_address: address, port }: PortSettings, portDefault: number) {
  return { name, address, port: port ?? portDefault, chosen: port !== undefined };
}

async function metricsRoute({ agent, version, settings, names, isBpfFsWritable }: RouteOptions): Promise<Routes> {
  // loaded only here: the library costs memory
  const { Metrics } = await import("../serve/metrics/metrics.ts");
  const { metricsRoutes } = await import("../serve/metrics/metrics_routes.ts");
  const { debug_metrics_enabled, stale_metric_ttl } = settings.settings.internal.metrics;
  return metricsRoutes(
    new Metrics(agent, {
      version,
      settings,
      names,
      isBpfFsWritable,
      withDebug: debug_metrics_enabled,
      staleTtlMs: stale_metric_ttl,
      nowMs: () => performance.now(),
    }),
  );
}

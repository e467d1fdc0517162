/** Everything that answers questions about the agent: its socket, the health port, the metrics port. */
import { createRoutes, type Listener, listenOnPort, listenOnSocket, type RouteOptions } from "../serve/mod.ts";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT, type Settings } from "../settings/mod.ts";

type Fetch = Parameters<typeof listenOnSocket>[1];

/** Closes all of them when disposed of. */
export async function openListeners(
  socket: string,
  options: RouteOptions,
): Promise<AsyncDisposable> {
  const routes: Fetch = createRoutes(options).fetch;
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

async function metricsRoute({ agent, version }: RouteOptions): Promise<Fetch> {
  // loaded only here: the library costs memory
  const { createMetrics } = await import("../serve/metrics.ts");
  const registry = createMetrics(agent, version);
  return async (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
    return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
  };
}

/** Everything that answers questions about the agent: its socket, the health port, the metrics port. */
import type { Agent } from "../agent.ts";
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
    open(listenOnPort(portOptions("metrics", metrics, METRICS_PORT_DEFAULT), await metricsRoute(agent)));
  }
  return opening.move();
}

type PortSettings = Settings["internal"]["server"];

function portOptions(name: string, { listen_address: address, port }: PortSettings, portDefault: number) {
  return { name, address, port: port ?? portDefault, chosen: port !== undefined };
}

async function metricsRoute(agent: Agent): Promise<Routes> {
  // loaded only here: the library costs memory
  const { createMetrics } = await import("../serve/metrics.ts");
  const registry = createMetrics(agent, VERSION);
  return async (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
    return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
  };
}

/**
 * What shows the inside of a running agent: its settings, its log, its memory, where its time goes. Loaded with the
 * first question. What changes something, or takes time, answers on the socket only: a page in a browser reaches
 * loopback.
 */
import { Hono } from "hono";
import { KernelError, UsageError } from "../errors.ts";
import { EBUSY } from "../libc.ts";
import { logLevel, recentLog, traceLogging } from "../log.ts";
import { CONFIG_FORMATS, type ConfigFormat } from "../settings/mod.ts";
import { settingsText } from "../settings/print/settings_text.ts";
import { type App, socketOnly } from "./askers.ts";
import { cpuProfile, memoryFigures } from "./profile.ts";
import type { RouteOptions } from "./routes.ts";
import { traceRequest } from "./trace_request.ts";
import { openTraceStream } from "./trace_stream.ts";

const PROFILE_SECONDS_DEFAULT = 10;
const PROFILE_SECONDS_MOST = 60;

const INDEX = `/debug/flows                     flows, as spans
/debug/config                    settings in force; ?format=yaml, hcl or json; ?origin: where each was said
/debug/log                       the last lines of the log
/debug/metrics                   every metric, of the debug set, too
/debug/pprof/heap                memory, by what holds it

Over the agent's socket only:
/debug/pprof/profile?seconds=10  where the main thread's time goes: a V8 CPU profile
/debug/packet-trace              packets, a line each; ?count, duration_ms, rate, interface, protocol, address, port
/debug/trace                     PUT: log everything; DELETE: what the settings say
`;

export function createDebugRoutes(options: RouteOptions): App {
  const app: App = new Hono();
  for (const path of ["/debug", "/debug/", "/debug/pprof", "/debug/pprof/"]) app.get(path, (c) => c.text(INDEX));
  app.get("/debug/config", (context) => {
    const format = context.req.query("format") ?? "yaml";
    if (!CONFIG_FORMATS.includes(format as ConfigFormat)) {
      return context.text(`format must be one of ${CONFIG_FORMATS.join(", ")}\n`, 400);
    }
    const withOrigin = context.req.query("origin") !== undefined;
    return context.text(settingsText(options.settings, format as ConfigFormat, withOrigin));
  });
  app.get("/debug/log", (context) => context.text(recentLog()));
  app.get("/debug/metrics", async (context) => {
    // loaded only here: the library costs memory, and perhaps nobody else wants metrics
    const { Metrics } = await import("./metrics/metrics.ts");
    const { agent } = options;
    const nowMs = () => performance.now();
    const metrics = new Metrics(agent, { ...options, withDebug: true, staleTtlMs: 0, nowMs });
    return context.text(await metrics.text());
  });
  app.get("/debug/pprof/heap", (context) => context.json(memoryFigures()));
  app.get("/debug/pprof/profile", socketOnly, async (context) => {
    const seconds = Number(context.req.query("seconds") ?? PROFILE_SECONDS_DEFAULT);
    if (!(seconds > 0 && seconds <= PROFILE_SECONDS_MOST)) {
      return context.text(`seconds must be a number up to ${PROFILE_SECONDS_MOST}\n`, 400);
    }
    const profile = await cpuProfile(seconds * 1_000);
    if (!profile) return context.text("Cannot make a profile: another one is being made; wait for its end\n", 409);
    return context.json(profile);
  });
  for (const [method, isOn] of [["PUT", true], ["DELETE", false]] as const) {
    app.on(method, "/debug/trace", socketOnly, async (context) => {
      await traceLogging(isOn);
      return context.json({ log_level: logLevel() });
    });
  }
  app.get("/debug/packet-trace", socketOnly, async (context) => {
    try {
      const request = traceRequest(new URL(context.req.url).searchParams);
      const stream = await openTraceStream(options.agent, options.traceImage(), request);
      return context.body(stream, 200, { "content-type": "application/x-ndjson" });
    } catch (error) {
      if (error instanceof UsageError) return context.text(`${error.message}\n`, 400);
      if (error instanceof KernelError) return context.text(`${error.message}\n`, error.errno === EBUSY ? 409 : 500);
      throw error;
    }
  });
  app.delete("/debug/packet-trace", socketOnly, (context) => {
    return context.json({ ended: options.agent.closeTrace() });
  });
  app.notFound((context) => context.text("not found\n", 404));
  return app;
}

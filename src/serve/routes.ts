/** What the agent answers over HTTP, on its ports and on its socket. */
import { type Context, Hono } from "hono";
import type { Agent } from "../agent.ts";
import { UsageError } from "../errors.ts";
import type { FlowSpan } from "../export/span.ts";
import type { FlowRecord } from "../flow_record.ts";
import type { LiveSettings } from "../settings/mod.ts";
import { type App, localOnly } from "./askers.ts";
import { type Check, type ClusterNames, Health } from "./health.ts";
import { interfacesView } from "./interfaces_view.ts";
import { booksView, flowsView, statusView } from "./views.ts";

export interface RouteOptions {
  agent: Agent;
  version: string;
  spanOf(record: FlowRecord): FlowSpan;
  /** Of a record that was handed out, with what it meant then. */
  recentSpanOf(record: FlowRecord): FlowSpan;
  settings: LiveSettings;
  /** Where flows are named after Kubernetes. */
  names?: ClusterNames | undefined;
  /** Whether /sys/fs/bpf can be written. */
  isBpfFsWritable(): boolean;
  /** The compiled packet trace. */
  traceImage(): Uint8Array<ArrayBuffer>;
}

const FLOWS_DEFAULT = 1_000;
const FLOWS_MOST = 100_000;

/** Health on every address; the agent's own affairs to local askers only. */
export function createRoutes(options: RouteOptions): App {
  const { agent } = options;
  const health = new Health(agent, options.names);
  const app: App = new Hono();
  app.get("/livez", (context) => answer(context, health.live()));
  app.get("/readyz", (context) => answer(context, health.ready()));
  app.get("/startup", (context) => answer(context, health.started()));
  for (const path of ["/books", "/explain", "/flows", "/interfaces", "/settings", "/status", "/debug", "/debug/*"]) {
    app.use(path, localOnly);
  }
  app.get("/status", (context) => context.json(statusView(options)));
  app.get("/interfaces", (context) => context.json(interfacesView(agent)));
  app.get("/books", async (context) => context.json(await booksView(agent)));
  for (const path of ["/flows", "/debug/flows"]) {
    app.get(path, async (context) => {
      const most = Number(context.req.query("limit") ?? FLOWS_DEFAULT);
      if (!Number.isInteger(most) || most < 0 || most > FLOWS_MOST) {
        return context.text(`limit must be a whole number from 0 to ${FLOWS_MOST}\n`, 400);
      }
      return context.json(await flowsView(agent, most, options.spanOf));
    });
  }
  app.all("/debug/*", async (context) => {
    const { createDebugRoutes } = await import("./debug_routes.ts");
    return await createDebugRoutes(options).fetch(context.req.raw, context.env);
  });
  app.get("/explain", async (context) => {
    const { explainView } = await import("./explain_view.ts");
    try {
      return context.json(await explainView(options, context.req.query("flow") ?? ""));
    } catch (error) {
      if (error instanceof UsageError) return context.text(`${error.message}\n`, 400);
      throw error;
    }
  });
  app.all("/settings", async (context) => {
    const { createSettingsRoutes } = await import("./settings_routes.ts");
    return await createSettingsRoutes(options.settings).fetch(context.req.raw, context.env);
  });
  app.notFound((context) => context.text("not found\n", 404));
  return app;
}

/** "ok", or what is not; ?verbose tells of each check. */
function answer(context: Context, checks: Check[]): Response {
  const failed = checks.filter(({ ok }) => !ok);
  const status = failed.length ? 503 : 200;
  if (context.req.query("verbose") !== undefined) {
    const lines = checks.map(({ name, ok, detail }) => `[${ok ? "+" : "-"}] ${name}: ${detail}`);
    return context.text(`${lines.join("\n")}\n${failed.length ? "failed" : "ok"}\n`, status);
  }
  const lines = failed.map(({ name, detail }) => `${name}: ${detail}`);
  return context.text(failed.length ? `${lines.join("\n")}\n` : "ok", status);
}

/** The settings in force, and setting some of them. Loaded when somebody asks: it brings the schema. */
import { Hono } from "hono";
import { UsageError } from "../errors.ts";
import type { LiveSettings } from "../settings/mod.ts";
import { shownSettings } from "../settings/print/shown_settings.ts";
import { type App, socketOnly } from "./askers.ts";

/** More keys than there are take less. */
const BODY_BYTES_MAX = 64 * 1024;

export function createSettingsRoutes(live: LiveSettings): App {
  const app: App = new Hono();
  app.get("/settings", (context) => context.json({ settings: shownSettings(live.settings), ...live.state() }));
  app.post("/settings", socketOnly, async (context) => {
    try {
      return context.json(await live.set(await readValues(context.req.raw)));
    } catch (error) {
      if (error instanceof UsageError) return context.text(`${error.message}\n`, 400);
      throw error;
    }
  });
  return app;
}

/** Keys and texts. */
async function readValues(request: Request): Promise<Map<string, string>> {
  const length = request.headers.get("content-length");
  if (length === null) throw new UsageError("Cannot set anything: a request with its Content-Length is wanted");
  if (!(Number(length) <= BODY_BYTES_MAX)) {
    throw new UsageError(`Cannot set that much at once: ${BODY_BYTES_MAX} bytes are possible`);
  }
  let values: unknown;
  try {
    values = JSON.parse(await request.text());
  } catch (cause) {
    throw new UsageError("Cannot set anything: an object of JSON is wanted", { cause });
  }
  const isMeant = typeof values === "object" && values !== null &&
    Object.values(values).every((value) => typeof value === "string");
  if (!isMeant) throw new UsageError('Cannot set anything: {"key": "text"} is wanted');
  return new Map(Object.entries(values as Record<string, string>));
}

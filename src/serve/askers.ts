/** Who asks, and who may. */
import type { Context, Hono, Next } from "hono";

/** Of a request: Deno.serve tells. */
export interface Bindings {
  /** Whether it came over loopback or the socket. */
  local: boolean;
  /** Over the socket, which only its owner may use. */
  socket: boolean;
}

type Asked = { Bindings: Bindings };
export type App = Hono<Asked>;

/** For the agent's own affairs. */
export async function localOnly(context: Context<Asked>, next: Next): Promise<Response | void> {
  if (!context.env.local) return context.text("only over loopback or the agent's socket\n", 403);
  await next();
}

/** For what changes something, or takes time: a page in a browser reaches loopback. */
export async function socketOnly(context: Context<Asked>, next: Next): Promise<Response | void> {
  if (!context.env.socket) return context.text("only over the agent's socket\n", 403);
  await next();
}

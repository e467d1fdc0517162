/** The agent's listeners: the socket, the health port, the metrics port. */
import { EnvironmentError } from "../errors.ts";
import { log } from "../log.ts";
import type { Bindings } from "./routes.ts";

export interface Listener {
  /** What was bound, for people. */
  where: string;
  close(): Promise<void>;
}

export interface PortOptions {
  name: string;
  address: string;
  port: number;
  /** Somebody asked for this very port: that it is taken is an error, not a warning. */
  chosen: boolean;
}

type Fetch = (request: Request, bindings: Bindings) => Response | Promise<Response>;

const ONLY_OWNER = 0o177;

/** Listens on a TCP port, or says why not. */
export function listenOnPort(options: PortOptions, fetch: Fetch): Listener | undefined {
  const { name, address, port, chosen } = options;
  try {
    const server = Deno.serve(
      { hostname: address, port, onListen: () => {}, onError: internalError },
      (request, info) => fetch(request, { local: isLoopback(info.remoteAddr) }),
    );
    const bound = server.addr as Deno.NetAddr;
    const where = `${bound.hostname}:${bound.port}`;
    log.info("Serving {what} on {where}", { what: name, where });
    return { where, close: () => server.shutdown() };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse) && !(cause instanceof Deno.errors.PermissionDenied)) throw cause;
    const why = cause instanceof Deno.errors.AddrInUse ? "is taken by another program" : "needs more privileges";
    const text = `Cannot serve ${name} on ${address}:${port}: the port ${why}`;
    if (chosen) throw new EnvironmentError(`${text}; choose another one`, { cause });
    log.warn("{text}; running without", { text });
    return undefined;
  }
}

/** Listens on a unix socket that only its owner may use. A socket that nobody answers is replaced. */
export async function listenOnSocket(path: string, fetch: Fetch): Promise<Listener> {
  await clearSocket(path);
  // the mask makes the socket 0600 from its first moment on
  const mask = Deno.umask(ONLY_OWNER);
  try {
    const server = Deno.serve(
      { path, onListen: () => {}, onError: internalError },
      (request) => fetch(request, { local: true }),
    );
    return { where: path, close: () => server.shutdown() };
  } finally {
    Deno.umask(mask);
  }
}

async function clearSocket(path: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true, mode: 0o755 });
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof Deno.errors.ConnectionRefused) {
      await Deno.remove(path);
      return;
    }
    throw error;
  }
  throw new EnvironmentError(
    `Cannot serve on ${path}: another agent answers there; stop it, or choose another socket with --socket`,
  );
}

function internalError(error: unknown): Response {
  log.error("A request failed: {error}", { error });
  return new Response("internal error\n", { status: 500 });
}

function isLoopback(address: Deno.Addr): boolean {
  if (address.transport !== "tcp") return false;
  const { hostname } = address;
  return hostname === "::1" || hostname.startsWith("127.") || hostname.startsWith("::ffff:127.");
}

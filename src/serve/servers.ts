/** The agent's listeners: the socket, the health port, the metrics port. */
import { dirname } from "node:path";
import { EnvironmentError, plainReason } from "../errors.ts";
import { log } from "../log.ts";
import type { Bindings } from "./askers.ts";

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

/** Every address, of IPv4 too: of it alone where the kernel has no IPv6. */
const ANY = "::";
const ANY_IPV4 = "0.0.0.0";

/** How long requests under way may take to end when the server closes. */
const CLOSE_MS = 1_000;

/** Listens on a TCP port, or says why not. Throws EnvironmentError. */
export function listenOnPort(options: PortOptions, fetch: Fetch): Listener | undefined {
  const { name, address, port, chosen } = options;
  try {
    const listener = serve(
      { hostname: address, port },
      (request, from) => fetch(request, { local: isLocal(request, from), socket: false }),
    );
    log.info("Serving {what} on {where}", { what: name, where: listener.where });
    return listener;
  } catch (cause) {
    if (address === ANY && hasNoIpv6(cause)) return listenOnPort({ ...options, address: ANY_IPV4 }, fetch);
    const cannot = `Cannot serve ${name} on ${hostAndPort(address, port)}`;
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    if (!isTaken && !(cause instanceof Deno.errors.PermissionDenied)) {
      throw new EnvironmentError(`${cannot}: ${plainReason(cause)}; choose another address`, { cause });
    }
    const text = `${cannot}: the port ${isTaken ? "is taken by another program" : "needs more privileges"}`;
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
    return serve({ path }, (request) => fetch(request, { local: true, socket: true }));
  } catch (cause) {
    throw new EnvironmentError(`Cannot serve on ${path}: ${plainReason(cause)}; ${OTHER_SOCKET}`, { cause });
  } finally {
    Deno.umask(mask);
  }
}

const OTHER_SOCKET = "choose another socket with --socket";

async function clearSocket(path: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
    const { isSocket } = await Deno.lstat(path);
    if (!isSocket) {
      throw new EnvironmentError(`Cannot serve on ${path}: a file is there that is no socket; ${OTHER_SOCKET}`);
    }
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    if (cause instanceof Deno.errors.NotFound) return;
    if (cause instanceof Deno.errors.ConnectionRefused) return await Deno.remove(path);
    throw new EnvironmentError(`Cannot serve on ${path}: ${plainReason(cause)}; ${OTHER_SOCKET}`, { cause });
  }
  throw new EnvironmentError(`Cannot serve on ${path}: another agent answers there; stop it, or ${OTHER_SOCKET}`);
}

type Where = { hostname: string; port: number } | { path: string };

function serve(where: Where, handle: (request: Request, from: Deno.Addr) => Response | Promise<Response>): Listener {
  const server = Deno.serve(
    { ...where, onListen: () => {}, onError: internalError } as Deno.ServeTcpOptions,
    (request, info) => handle(request, info.remoteAddr),
  );
  const bound = server.addr as Deno.Addr;
  return {
    where: bound.transport === "tcp" ? hostAndPort(bound.hostname, bound.port) : (bound as Deno.UnixAddr).path,
    async close() {
      // who asks slowly does not hold up the end
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([server.shutdown(), late.promise]);
      clearTimeout(timer);
    },
  };
}

function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function hasNoIpv6(error: unknown): boolean {
  return (error as { code?: string }).code === "EAFNOSUPPORT";
}

function internalError(error: unknown): Response {
  log.error("A request failed: {error}", { error });
  return new Response("internal error\n", { status: 500 });
}

/** Whether this very machine asks, by its own name and for itself: a page in its browser may send requests here. */
function isLocal(request: Request, from: Deno.Addr): boolean {
  const { hostname } = new URL(request.url);
  return from.transport === "tcp" && isLoopback(from.hostname) && (hostname === "localhost" || isLoopback(hostname)) &&
    !isOfOtherPage(request.headers);
}

/** Browsers say for whom they ask (Fetch Metadata): for whoever sits there, for a page of this origin, or another's. */
function isOfOtherPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "none" && site !== "same-origin";
}

function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "");
  return bare === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(bare);
}

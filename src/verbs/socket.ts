/** How verbs ask a running agent: HTTP over its socket. */
import { EnvironmentError, UsageError } from "../errors.ts";

export const SOCKET_DEFAULT = "/run/weir/weir.sock";

/** Gets a path's JSON from the agent. Throws {@linkcode EnvironmentError} when no agent answers. */
export async function askAgent<T>(socket: string, path: string): Promise<T> {
  const response = await request(socket, path);
  if (response.ok) return await response.json();
  throw new EnvironmentError(`Cannot get ${path} from the agent: ${response.status} ${(await response.text()).trim()}`);
}

/** Sends JSON to the agent. Throws EnvironmentError when no agent answers, UsageError when it refuses what it got. */
export async function postToAgent<T>(socket: string, path: string, body: unknown): Promise<T> {
  const response = await request(socket, path, { method: "POST", body: JSON.stringify(body) });
  if (response.ok) return await response.json();
  const text = (await response.text()).trim();
  if (response.status === BAD_REQUEST) throw new UsageError(text);
  throw new EnvironmentError(`Cannot send ${path} to the agent: ${response.status} ${text}`);
}

const BAD_REQUEST = 400;

async function request(socket: string, path: string, init: RequestInit = {}): Promise<Response> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    // an address: a name would be looked up first, and a resolver that is away takes 20 s not to answer
    const response = await fetch(`http://127.0.0.1${path}`, { ...init, client });
    // read before the client goes
    return new Response(await response.arrayBuffer(), { status: response.status });
  } catch (cause) {
    throw new EnvironmentError(`Cannot reach an agent on ${socket}: ${whatToDo(cause)}`, { cause });
  } finally {
    client.close();
  }
}

function whatToDo(cause: unknown): string {
  const why = cause instanceof Error ? `${cause.message} ${cause.cause}` : "";
  if (/permission denied/i.test(why)) return "the socket is another user's; ask as root (sudo)";
  return 'start one with "weir run", or name its socket with --socket';
}

/** How verbs ask a running agent: HTTP over its socket. */
import { EnvironmentError } from "../errors.ts";

export const SOCKET_DEFAULT = "/run/weir/weir.sock";

/** Gets a path's JSON from the agent. Throws {@linkcode EnvironmentError} when no agent answers. */
export async function askAgent<T>(socket: string, path: string): Promise<T> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  let response: Response;
  try {
    // an address: a name would be looked up first, and a resolver that is away takes 20 s not to answer
    response = await fetch(`http://127.0.0.1${path}`, { client });
  } catch (cause) {
    throw new EnvironmentError(`Cannot reach an agent on ${socket}: ${whatToDo(cause)}`, { cause });
  } finally {
    client.close();
  }
  if (!response.ok) {
    throw new EnvironmentError(
      `Cannot get ${path} from the agent: ${response.status} ${(await response.text()).trim()}`,
    );
  }
  return await response.json();
}

function whatToDo(cause: unknown): string {
  const why = cause instanceof Error ? `${cause.message} ${cause.cause}` : "";
  if (/permission denied/i.test(why)) return "the socket is another user's; ask as root (sudo)";
  return 'start one with "weir run", or name its socket with --socket';
}

/** How verbs ask a running agent: HTTP over its socket. */
import { Option } from "commander";
import { EnvironmentError, UsageError } from "../errors.ts";

export const SOCKET_DEFAULT = "/run/weir/weir.sock";

export function socketOption(): Option {
  return new Option("--socket <path>", "the agent's socket").default(SOCKET_DEFAULT);
}

type Method = "GET" | "PUT" | "DELETE";

/** Gets a path's JSON from the agent. Throws {@linkcode EnvironmentError} when no agent answers. */
export async function askAgent<T>(socket: string, path: string, method: Method = "GET"): Promise<T> {
  return JSON.parse(await askAgentText(socket, path, method));
}

/** The same as text. */
export async function askAgentText(socket: string, path: string, method: Method = "GET"): Promise<string> {
  let text = "";
  for await (const part of readAgent(socket, path, { method })) text += part;
  return text;
}

/** Sends JSON to the agent. Throws EnvironmentError when no agent answers, UsageError when it refuses what it got. */
export async function postToAgent<T>(socket: string, path: string, values: unknown): Promise<T> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    const response = await fetch(`${ORIGIN}${path}`, { client, method: "POST", body: JSON.stringify(values) })
      .catch((cause) => {
        throw new EnvironmentError(`Cannot reach an agent on ${socket}: ${whatToDo(cause)}`, { cause });
      });
    if (response.ok) return await response.json();
    const text = (await response.text()).trim();
    if (response.status === BAD_REQUEST) throw new UsageError(text);
    throw new EnvironmentError(refusal(path, response.status, text));
  } finally {
    client.close();
  }
}

const BAD_REQUEST = 400;
/** An address: a name would be looked up first, and a resolver that is away takes 20 s not to answer. */
const ORIGIN = "http://127.0.0.1";

/** The same in parts, as they come. The signal ends it without an error. */
export async function* readAgent(
  socket: string,
  path: string,
  options: { method?: Method; signal?: AbortSignal },
): AsyncGenerator<string> {
  const { method = "GET", signal } = options;
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    const response = await fetch(`${ORIGIN}${path}`, { client, method, ...(signal ? { signal } : {}) })
      .catch((cause) => {
        throw new EnvironmentError(`Cannot reach an agent on ${socket}: ${whatToDo(cause)}`, { cause });
      });
    if (!response.ok) throw new EnvironmentError(refusal(path, response.status, (await response.text()).trim()));
    if (response.body) yield* response.body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    client.close();
  }
}

/** What the agent says in weir's own words goes on as it is. */
function refusal(path: string, status: number, text: string): string {
  return text.startsWith("Cannot ") ? text : `Cannot get ${path} from the agent: ${status} ${text}`;
}

function whatToDo(cause: unknown): string {
  const why = cause instanceof Error ? `${cause.message} ${cause.cause}` : "";
  if (/permission denied/i.test(why)) return "the socket is another user's; ask as root (sudo)";
  return 'start one with "weir run", or name its socket with --socket';
}

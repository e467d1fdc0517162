/** GET requests to the API server, with credentials that are always the newest. */
import type { Access, Credentials, TlsMaterial } from "./access.ts";
import { readError } from "./api_error.ts";
import { openTransport, type Transport, type TransportAnswer } from "./transport.ts";

/** From a request to the first line of its answer. */
const ANSWER_MS = 60_000;
const UNAUTHORIZED = 401;

export class ApiClient {
  readonly #access: Access;
  readonly #answerMs: number;
  #transport: Promise<Transport> | undefined;
  #tls = "";

  constructor(access: Access, answerMs = ANSWER_MS) {
    this.#access = access;
    this.#answerMs = answerMs;
  }

  get server(): string {
    return this.#access.server;
  }

  /**
   * Asks for a path, with its query. Throws {@linkcode ApiError} when the answer is no success, and what the transport
   * throws when there is none.
   */
  async get(path: string, accept: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    let answer = await this.#ask(path, accept, signal);
    if (answer.status === UNAUTHORIZED) {
      // a token that ran out: the next one is taken
      this.#access.refused();
      await readError(answer.status, undefined, answer.body);
      answer = await this.#ask(path, accept, signal);
    }
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw await readError(answer.status, answer.retryAfter, answer.body);
  }

  async #ask(path: string, accept: string, signal: AbortSignal): Promise<TransportAnswer> {
    const { headers, tls }: Credentials = await this.#access.credentials();
    const transport = await this.#transportFor(tls);
    // AbortSignal.any() would do, but what it makes is collected as garbage while the answer's body is still read
    const request = new AbortController();
    signal.addEventListener("abort", () => request.abort(signal.reason), { once: true });
    if (signal.aborted) request.abort(signal.reason);
    const late = setTimeout(() => request.abort(timeout(this.#answerMs)), this.#answerMs);
    try {
      return await transport.send(`${this.#access.server}${path}`, { ...headers, accept }, request.signal);
    } finally {
      clearTimeout(late);
    }
  }

  /** The one there is, unless certificates are others now. */
  #transportFor(tls: TlsMaterial): Promise<Transport> {
    const key = JSON.stringify(tls);
    if (this.#transport && key !== this.#tls) this.reconnect();
    this.#tls = key;
    return this.#transport ??= openTransport(tls);
  }

  /** Leaves the connections that there are: the next request opens another. Requests under way go on or fail. */
  reconnect(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.then((transport) => transport.close());
  }

  close(): void {
    this.reconnect();
  }
}

function timeout(ms: number): DOMException {
  return new DOMException(`no answer within ${ms} ms`, "TimeoutError");
}

/** One connection to the API server over which many requests go. */
import type { TlsMaterial } from "./access.ts";

export interface TransportAnswer {
  status: number;
  retryAfter: string | undefined;
  /** Each chunk is valid until the next is asked for. */
  body: AsyncIterable<Uint8Array>;
}

export interface Transport {
  /** GET, or POST where there is a body. */
  send(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: string,
  ): Promise<TransportAnswer>;
  close(): void;
}

/** Deno's own fetch, where it can do what is asked for; else Node's client, which takes more memory. */
export async function openTransport(tls: TlsMaterial): Promise<Transport> {
  if (!tls.insecure && tls.serverName === undefined) return new FetchTransport(tls);
  const { NodeTransport } = await import("./node_transport.ts");
  return new NodeTransport(tls);
}

const NO_BYTES: AsyncIterable<Uint8Array> = (async function* () {})();

class FetchTransport implements Transport {
  readonly #client: Deno.HttpClient;

  constructor({ ca, cert, key }: TlsMaterial) {
    this.#client = Deno.createHttpClient({
      ...(ca === undefined ? {} : { caCerts: [ca] }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
  }

  async send(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: string,
  ): Promise<TransportAnswer> {
    const sent = body === undefined ? {} : { method: "POST", body };
    const response = await fetch(url, { client: this.#client, headers, signal, redirect: "manual", ...sent });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after") ?? undefined,
      body: response.body ? new Chunks(response.body, signal) : NO_BYTES,
    };
  }

  close(): void {
    this.#client.close();
  }
}

/** A busy watch has an object of a few KB in each chunk. */
const CHUNK_BYTES = 64 * 1024;

/**
 * A body's chunks until the signal comes, when it throws: fetch itself stops listening to its signal when nobody but
 * the body is left of it. All chunks lie in one buffer, and it is no generator: each chunk of a busy watch would cost a
 * buffer and two turns more.
 */
class Chunks implements AsyncIterableIterator<Uint8Array> {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #signal: AbortSignal;
  readonly #stop = () => this.#leave();
  #buffer = new ArrayBuffer(CHUNK_BYTES);

  constructor(body: ReadableStream<Uint8Array>, signal: AbortSignal) {
    this.#body = body;
    this.#reader = body.getReader({ mode: "byob" });
    this.#signal = signal;
    signal.addEventListener("abort", this.#stop, { once: true });
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      const { done, value } = await this.#reader.read(new Uint8Array(this.#buffer));
      if (done) return { done, value: undefined };
      this.#buffer = value.buffer;
      return { done, value };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#signal.removeEventListener("abort", this.#stop);
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Whoever waits for a chunk hears of it. */
  #leave(): void {
    this.#reader.releaseLock();
    this.#body.cancel(this.#signal.reason).catch(() => "it has ended by itself");
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

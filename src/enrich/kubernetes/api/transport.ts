/** One connection to the API server over which many requests go. */
import type { TlsMaterial } from "./access.ts";

export interface TransportAnswer {
  status: number;
  retryAfter: string | undefined;
  /** Ends early, without an error, when the reader goes away. */
  body: AsyncIterable<Uint8Array>;
}

export interface Transport {
  get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<TransportAnswer>;
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

  async get(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<TransportAnswer> {
    const response = await fetch(url, { client: this.#client, headers, signal, redirect: "manual" });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after") ?? undefined,
      body: response.body ? chunksOf(response.body, signal) : NO_BYTES,
    };
  }

  close(): void {
    this.#client.close();
  }
}

/**
 * A body's chunks until the signal comes, which then is thrown. fetch itself stops listening to its signal when nobody
 * but the body is left of it.
 */
async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => "it has ended by itself");
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

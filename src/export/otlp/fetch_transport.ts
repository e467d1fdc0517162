/** HTTP by Deno's own fetch. Certificates that changed are for new connections; old ones end with their requests. */
import type { TlsFiles, TlsMaterial } from "./tls_files.ts";
import { type HttpAnswer, type HttpTransport, readAnswer } from "./http_transport.ts";

const NO_TLS: TlsMaterial = { caCert: undefined, clientCert: undefined, clientKey: undefined };

/** A client that is closed when it is replaced and nobody uses it any more. */
class SharedClient {
  readonly client: Deno.HttpClient;
  #users = 0;
  #isReplaced = false;
  #isClosed = false;

  constructor({ caCert, clientCert, clientKey }: TlsMaterial, isHttp2: boolean) {
    this.client = Deno.createHttpClient({
      ...(isHttp2 ? { http1: false, http2: true } : {}),
      ...(caCert ? { caCerts: [caCert] } : {}),
      ...(clientCert && clientKey ? { cert: clientCert, key: clientKey } : {}),
    });
  }

  async use<T>(work: (client: Deno.HttpClient) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work(this.client);
    } finally {
      this.#users--;
      this.#closeUnused();
    }
  }

  replace(): void {
    this.#isReplaced = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (!this.#isReplaced || this.#users > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.client.close();
  }
}

export interface FetchOptions {
  tls: TlsFiles | undefined;
  /** HTTP/2 and nothing else, in plain text too. */
  isHttp2?: boolean;
}

export class FetchTransport implements HttpTransport {
  readonly #url: URL;
  readonly #tls: TlsFiles | undefined;
  readonly #isHttp2: boolean;
  #shared: SharedClient | undefined;
  #version = 0;

  constructor(url: URL, { tls, isHttp2 = false }: FetchOptions) {
    this.#url = url;
    this.#tls = tls;
    this.#isHttp2 = isHttp2;
  }

  async post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
    const send = async (client?: Deno.HttpClient) => {
      const response = await fetch(this.#url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal,
        ...(client ? { client } : {}),
      } as RequestInit);
      const answer = response.body ? await readAnswer(response.body) : new Uint8Array();
      return { status: response.status, header: (name: string) => response.headers.get(name), body: answer };
    };
    const shared = this.#client();
    return shared ? await shared.use(send) : await send();
  }

  /** The client with the certificates of now. Throws where they are no use, so that a request is tried again. */
  #client(): SharedClient | undefined {
    if (!this.#tls && !this.#isHttp2) return undefined;
    const material = this.#tls?.material() ?? NO_TLS;
    const version = this.#tls?.version ?? 0;
    if (this.#shared && this.#version === version) return this.#shared;
    const next = new SharedClient(material, this.#isHttp2);
    this.#version = version;
    this.#shared?.replace();
    return this.#shared = next;
  }

  close(): void {
    this.#shared?.replace();
  }
}

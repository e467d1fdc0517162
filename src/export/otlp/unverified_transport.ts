/**
 * HTTPS that takes any certificate: Deno's fetch cannot for one connection alone, node:https can. Loaded only for
 * insecure_skip_verify.
 */
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { type HttpAnswer, type HttpTransport, readAnswer } from "./http_transport.ts";
import type { TlsFiles } from "./tls_files.ts";

export class UnverifiedTransport implements HttpTransport {
  readonly #url: URL;
  readonly #tls: TlsFiles;
  #agent: Agent | undefined;
  #version = 0;

  constructor(url: URL, tls: TlsFiles) {
    this.#url = url;
    this.#tls = tls;
  }

  async post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const length = { "content-length": String(body.length) };
      const options = { method: "POST", headers: { ...headers, ...length }, agent: this.#currentAgent(), signal };
      const sent = request(this.#url, options, resolve);
      sent.on("error", reject);
      sent.end(body);
    });
    const answer = await readAnswer(message);
    const header = (name: string) => {
      const value = message.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    };
    return { status: message.statusCode ?? 0, header, body: answer };
  }

  #currentAgent(): Agent {
    const { clientCert, clientKey } = this.#tls.material();
    if (this.#agent && this.#version === this.#tls.version) return this.#agent;
    this.#agent?.destroy();
    this.#version = this.#tls.version;
    return this.#agent = new Agent({
      keepAlive: true,
      rejectUnauthorized: false,
      ...(clientCert && clientKey ? { cert: clientCert, key: clientKey } : {}),
    });
  }

  close(): void {
    this.#agent?.destroy();
  }
}

/** Requests by Node's client: it can leave a certificate unchecked, or check it for another name. fetch cannot. */
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TlsMaterial } from "./access.ts";
import type { Transport, TransportAnswer } from "./transport.ts";

export class NodeTransport implements Transport {
  readonly #agent: Agent;
  readonly #serverName: string | undefined;

  constructor({ ca, cert, key, serverName, insecure }: TlsMaterial) {
    this.#serverName = serverName;
    this.#agent = new Agent({
      keepAlive: true,
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
  }

  send(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: string,
  ): Promise<TransportAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<TransportAnswer>();
    const options = {
      agent: this.#agent,
      method: body === undefined ? "GET" : "POST",
      headers,
      signal,
      ...(this.#serverName === undefined ? {} : { servername: this.#serverName }),
    };
    const asked = request(url, options, (answer: IncomingMessage) => {
      const { statusCode = 0, headers } = answer;
      resolve({ status: statusCode, retryAfter: headers["retry-after"], body: answer });
    });
    asked.on("error", reject);
    asked.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Somebody who uses the API server as tests need it: writes objects, and a kubelet's status. */
import type { Authority, Identity } from "./pki.ts";

// deno-lint-ignore no-explicit-any
export type Json = any;

export class ApiUser {
  readonly #url: string;
  readonly #client: Deno.HttpClient;

  constructor(url: string, authority: Authority, identity: Identity) {
    this.#url = url;
    this.#client = Deno.createHttpClient({
      caCerts: [Deno.readTextFileSync(authority.certPath)],
      cert: Deno.readTextFileSync(identity.certPath),
      key: Deno.readTextFileSync(identity.keyPath),
    });
  }

  /** Asks; throws with the API server's words when it refuses. */
  async ask(method: string, path: string, body?: Json, contentType = "application/json"): Promise<Json> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      client: this.#client,
      headers: { "content-type": contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.message}`);
    return answer;
  }

  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.#url}/readyz`, { client: this.#client, signal: AbortSignal.timeout(2_000) });
      return response.ok && await response.text() === "ok";
    } catch {
      return false; // not listening yet
    }
  }

  get(path: string): Promise<Json> {
    return this.ask("GET", path);
  }

  create(path: string, object: Json): Promise<Json> {
    return this.ask("POST", path, object);
  }

  /** JSON merge patch (RFC 7396). */
  patch(path: string, change: Json): Promise<Json> {
    return this.ask("PATCH", path, change, "application/merge-patch+json");
  }

  /** graceS: how long a pod may take to end; 0: gone at once. */
  delete(path: string, graceS = 0): Promise<Json> {
    return this.ask("DELETE", path, { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: graceS });
  }

  close(): void {
    this.#client.close();
  }
}

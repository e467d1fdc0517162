/** Access to a cluster as a kubeconfig's context says. */
import { EnvironmentError } from "../../../errors.ts";
import type { Access, Credentials, TlsMaterial } from "./access.ts";
import { ExecPlugin } from "./exec_plugin.ts";
import type { ChosenContext, KubeconfigUser, ReadText } from "./kubeconfig.ts";

export interface KubeconfigAccessOptions {
  read: ReadText;
  /** Whether credential plugins may be run. */
  allowExec: boolean;
  nowMs: () => number;
}

export class KubeconfigAccess implements Access {
  readonly server: string;
  readonly origin: string;
  readonly #context: ChosenContext;
  readonly #read: ReadText;
  readonly #plugin: ExecPlugin | undefined;

  /** Throws {@linkcode UsageError} for a plugin that may not be run. */
  constructor(context: ChosenContext, { read, allowExec, nowMs }: KubeconfigAccessOptions) {
    this.server = context.cluster.server.replace(/\/+$/, "");
    this.origin = `context "${context.name}" of ${context.path}`;
    this.#context = context;
    this.#read = read;
    const { exec } = context.user;
    this.#plugin = exec && new ExecPlugin(exec, context, { allowExec, nowMs });
  }

  async credentials(): Promise<Credentials> {
    const { cluster, user } = this.#context;
    const given = await this.#plugin?.credential();
    const tls: TlsMaterial = {
      ca: this.#pem(cluster["certificate-authority-data"], cluster["certificate-authority"]),
      cert: given?.cert ?? this.#pem(user["client-certificate-data"], user["client-certificate"]),
      key: given?.key ?? this.#pem(user["client-key-data"], user["client-key"]),
      serverName: cluster["tls-server-name"] || undefined,
      insecure: cluster["insecure-skip-tls-verify"] === true,
    };
    return { headers: { ...this.#authorization(user, given?.token), ...impersonation(user) }, tls };
  }

  refused(): void {
    this.#plugin?.refused();
  }

  /** A token file goes before a token, a plugin's token before both, as with kubectl. */
  #authorization(user: KubeconfigUser, given: string | undefined): Record<string, string> {
    const token = given ?? (user.tokenFile ? this.#text(user.tokenFile).trim() : user.token);
    if (token) return { authorization: `Bearer ${token}` };
    if (!user.username) return {};
    const basic = new TextEncoder().encode(`${user.username}:${user.password ?? ""}`).toBase64();
    return { authorization: `Basic ${basic}` };
  }

  /** Data goes before a file. */
  #pem(data: string | undefined, path: string | undefined): string | undefined {
    if (data) return decodeBase64(data, this.origin);
    return path ? this.#text(path) : undefined;
  }

  #text(path: string): string {
    try {
      return this.#read(path);
    } catch (cause) {
      throw new EnvironmentError(`Cannot read ${path}, which ${this.origin} names: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function decodeBase64(data: string, origin: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(data.replace(/\s+/g, "")));
  } catch (cause) {
    throw new EnvironmentError(`Cannot use ${origin}: its certificates or key are no base64`, { cause });
  }
}

function impersonation(user: KubeconfigUser): Record<string, string> {
  if (!user.as) return {};
  return {
    "impersonate-user": user.as,
    ...(user["as-uid"] ? { "impersonate-uid": user["as-uid"] } : {}),
    ...(user["as-groups"]?.[0] ? { "impersonate-group": user["as-groups"][0] } : {}),
  };
}

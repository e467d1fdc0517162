/** The API server that settings or this machine name, as the cluster check asks it. */
import type { IncomingMessage } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestTls, type RequestOptions } from "node:https";
import type { Requirement } from "../../capture/mod.ts";
import type { Access, ObjectFilter } from "../../enrich/kubernetes/mod.ts";
import { EnvironmentError, UsageError } from "../../errors.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { wantsCluster } from "../cluster_names.ts";
import { kubernetesOptions } from "../kubernetes_options.ts";
import { type AskServer, checkPermissions, type Permission } from "./cluster.ts";

const ANSWER_MS = 10_000;
const ANSWER_LENGTH_MAX = 1024 * 1024;
const VERBS = ["list", "watch"];

/** What is known of a run's settings. */
export type Said = Pick<LoadedSettings, "settings" | "origins">;

/** env: of this process. Nothing where flows are not to be named after Kubernetes. */
export async function checkCluster(said: Said, env: (name: string) => string | undefined): Promise<Requirement[]> {
  if (!wantsCluster(said, env)) return [];
  // loaded only here: it costs memory
  const { findAccess, ObjectFilter } = await import("../../enrich/kubernetes/mod.ts");
  const options = kubernetesOptions(said.settings, 0);
  try {
    const access = await findAccess({ ...options, nowMs: Date.now, env });
    return await checkPermissions(access.server, permissionsOf(new ObjectFilter(options.selectors)), askerOf(access));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof EnvironmentError)) throw error;
    return [{ name: "kubernetes", state: "missing", found: error.message, remedy: "name a cluster that can be used" }];
  }
}

/** What is to be watched, but for what a cluster need not serve. */
export function permissionsOf(filter: Pick<ObjectFilter, "kinds" | "scopeOf">): Permission[] {
  return filter.kinds().filter(({ optional }) => !optional).flatMap((kind) => {
    const { group, resource } = kind;
    const { namespace } = filter.scopeOf(kind);
    return VERBS.map((verb) => ({ group, resource, verb, ...(namespace === undefined ? {} : { namespace }) }));
  });
}

/** By Node's client, which can leave a certificate unchecked or check it for another name. */
function askerOf(access: Access): AskServer {
  return async (path, body) => {
    const { headers, tls } = await access.credentials();
    const url = new URL(`${access.server}${path}`);
    const options: RequestOptions = {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", accept: "application/json" },
      signal: AbortSignal.timeout(ANSWER_MS),
      rejectUnauthorized: !tls.insecure,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    };
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = (url.protocol === "https:" ? requestTls : requestPlain)(url, options, resolve);
      sent.on("error", reject);
      sent.end(JSON.stringify(body));
    });
    let text = "";
    for await (const part of message.setEncoding("utf8")) {
      text += part;
      if (text.length > ANSWER_LENGTH_MAX) throw new Error("its answer is longer than any it could mean");
    }
    return { status: message.statusCode ?? 0, text };
  };
}

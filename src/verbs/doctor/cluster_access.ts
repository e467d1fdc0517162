/** The API server that settings or this machine name, as the cluster check asks it. */
import type { IncomingMessage } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestTls, type RequestOptions } from "node:https";
import type { Requirement } from "../../capture/mod.ts";
import type { Access } from "../../enrich/kubernetes/api/access.ts";
import { findAccess } from "../../enrich/kubernetes/api/find_access.ts";
import { KINDS } from "../../enrich/kubernetes/kinds.ts";
import { EnvironmentError, UsageError } from "../../errors.ts";
import type { Settings } from "../../settings/mod.ts";
import { type AskServer, checkPermissions, type Permission } from "./cluster.ts";

const ANSWER_MS = 10_000;
const ANSWER_LENGTH_MAX = 1024 * 1024;
const VERBS = ["list", "watch"];

/** env: of this process. Nothing where neither settings nor the environment name a cluster. */
export async function checkCluster(
  settings: Settings,
  env: (name: string) => string | undefined,
): Promise<Requirement[]> {
  const { kubeconfig_path: kubeconfigPath, selectors } = settings.discovery.informer.k8s;
  if (!kubeconfigPath && !env("KUBECONFIG") && !env("KUBERNETES_SERVICE_HOST")) return [];
  let access: Access;
  try {
    access = await findAccess({ kubeconfigPath, allowExec: false, nowMs: Date.now, env });
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof EnvironmentError)) throw error;
    return [{ name: "kubernetes", state: "missing", found: error.message, remedy: "name a cluster that can be used" }];
  }
  const left = new Set(selectors.filter(({ include }) => !include).map(({ kind }) => kind as string));
  return await checkPermissions(access.server, permissionsOf(left), askerOf(access));
}

/** What is to be watched. left: kinds that are not. */
export function permissionsOf(left: ReadonlySet<string>): Permission[] {
  return KINDS.filter(({ name, optional }) => !optional && !left.has(name)).flatMap(({ group, resource }) =>
    VERBS.map((verb) => ({ group, resource, verb }))
  );
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

/**
 * Finds the cluster to watch, in the order of the Kubernetes clients: a kubeconfig that was named, KUBECONFIG, the home
 * folder's, the service account of the pod that weir runs in.
 */
import { EnvironmentError } from "../../../errors.ts";
import type { Access, Credentials } from "./access.ts";

const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface AccessOptions {
  kubeconfigPath?: string;
  allowExec: boolean;
  nowMs: () => number;
  /** Environment variables. */
  env: (name: string) => string | undefined;
  /** Where a pod finds its service account. */
  accountFolder?: string;
}

/** Throws {@linkcode UsageError} and {@linkcode EnvironmentError}. */
export async function findAccess(options: AccessOptions): Promise<Access> {
  const { kubeconfigPath, env, accountFolder = ACCOUNT_FOLDER } = options;
  if (kubeconfigPath) return await kubeconfigAccess([kubeconfigPath], false, options);
  const listed = (env("KUBECONFIG") ?? "").split(":").filter(Boolean);
  if (listed.length) return await kubeconfigAccess(listed, listed.length > 1, options);
  const home = env("HOME");
  const usual = home && `${home}/.kube/config`;
  if (usual && exists(usual)) return await kubeconfigAccess([usual], false, options);
  const host = env("KUBERNETES_SERVICE_HOST");
  if (host && exists(`${accountFolder}/token`)) return podAccess(host, env("KUBERNETES_SERVICE_PORT"), accountFolder);
  throw new EnvironmentError(
    "Cannot find a Kubernetes cluster: there is no kubeconfig and no service account here; set KUBECONFIG",
  );
}

/** Only who reads a kubeconfig needs what reads YAML. */
async function kubeconfigAccess(paths: string[], mayMiss: boolean, options: AccessOptions): Promise<Access> {
  const { readKubeconfig } = await import("./kubeconfig.ts");
  const { KubeconfigAccess } = await import("./kubeconfig_access.ts");
  const read = Deno.readTextFileSync;
  return new KubeconfigAccess(readKubeconfig(paths, read, mayMiss), { ...options, read });
}

/** Of a pod: three files, which are read anew each time because the kubelet exchanges the token. */
function podAccess(host: string, port = "443", folder: string): Access {
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    origin: `the service account in ${folder}`,
    async credentials(): Promise<Credentials> {
      const [token, ca] = await Promise.all([
        Deno.readTextFile(`${folder}/token`),
        Deno.readTextFile(`${folder}/ca.crt`),
      ]);
      return {
        headers: { authorization: `Bearer ${token.trim()}` },
        tls: { ca, cert: undefined, key: undefined, serverName: undefined, insecure: false },
      };
    },
    refused() {},
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Kubeconfig files, by kubectl's rules: several are merged, what comes first wins, and paths are relative to the file
 * that names them.
 */
import { parse } from "yaml";
import { EnvironmentError, UsageError } from "../../../errors.ts";

export interface KubeconfigCluster {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  "proxy-url"?: string;
  extensions?: Array<{ name?: string; extension?: unknown }>;
}

export interface KubeconfigUser {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  "as-uid"?: string;
  "as-groups"?: string[];
  exec?: KubeconfigExec;
  "auth-provider"?: { name?: string };
}

export interface KubeconfigExec {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: Array<{ name: string; value: string }> | null;
  installHint?: string;
  interactiveMode?: string;
  provideClusterInfo?: boolean;
}

interface KubeconfigContext {
  cluster?: string;
  user?: string;
}

/** What a context leads to. */
export interface ChosenContext {
  /** The context's name. */
  name: string;
  /** The file that says most of it, for people. */
  path: string;
  cluster: KubeconfigCluster & { server: string };
  user: KubeconfigUser;
}

interface Named<Value> {
  name?: string;
  value: Value;
}

const PATHS_OF_CLUSTER = ["certificate-authority"] as const;
const PATHS_OF_USER = ["client-certificate", "client-key", "tokenFile"] as const;

/** Reads one file. Throws what it throws for a file that is not there. */
export type ReadText = (path: string) => string;

/**
 * The current context of the files together. Throws {@linkcode UsageError} for what cannot be used. mayMiss: files that
 * are not there are passed over.
 */
export function readKubeconfig(paths: readonly string[], read: ReadText, mayMiss: boolean): ChosenContext {
  const files = paths.flatMap((path) => readFile(path, read, mayMiss) ?? []);
  const known = paths.join(", ");
  if (!files.length) throw new EnvironmentError(`Cannot read kubeconfig ${known}: there is no such file`);
  const name = files.map(({ current }) => current).find(Boolean);
  if (!name) throw new UsageError(`Cannot use kubeconfig ${known}: it has no current-context; set one`);
  const context = first(files, "contexts", name);
  if (!context) throw new UsageError(`Cannot use kubeconfig ${known}: there is no context "${name}", the current one`);
  const clusterName = context.value.cluster ?? "";
  const cluster = first(files, "clusters", clusterName);
  if (!cluster?.value.server) {
    throw new UsageError(`Cannot use kubeconfig ${known}: context "${name}" has no cluster with a server`);
  }
  const user = context.value.user ? first(files, "users", context.value.user) : undefined;
  if (context.value.user && !user) {
    throw new UsageError(
      `Cannot use kubeconfig ${known}: there is no user "${context.value.user}", whom "${name}" names`,
    );
  }
  const { server } = cluster.value;
  const chosen = { name, path: context.path, cluster: { ...cluster.value, server }, user: user?.value ?? {} };
  refuseUnknown(chosen);
  return chosen;
}

interface KubeconfigFile {
  path: string;
  current: string | undefined;
  clusters: Named<KubeconfigCluster>[];
  users: Named<KubeconfigUser>[];
  contexts: Named<KubeconfigContext>[];
}

function readFile(path: string, read: ReadText, mayMiss: boolean): KubeconfigFile | undefined {
  let text: string;
  try {
    text = read(path);
  } catch (cause) {
    if (mayMiss && cause instanceof Deno.errors.NotFound) return undefined;
    throw new EnvironmentError(`Cannot read kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  const content = parseText(text, path);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const named = <Value>(list: unknown, word: string, paths: readonly string[] = []): Named<Value>[] =>
    (Array.isArray(list) ? list : []).map((entry) => ({
      name: entry?.name,
      value: withPaths(entry?.[word] ?? {}, paths, folder) as Value,
    }));
  return {
    path,
    current: content["current-context"] as string | undefined,
    clusters: named(content.clusters, "cluster", PATHS_OF_CLUSTER),
    users: named<KubeconfigUser>(content.users, "user", PATHS_OF_USER).map((user) => withCommand(user, folder)),
    contexts: named(content.contexts, "context"),
  };
}

function parseText(text: string, path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw new UsageError(`Cannot read kubeconfig ${path}: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
  if (content === null || typeof content !== "object" || Array.isArray(content)) {
    throw new UsageError(`Cannot read kubeconfig ${path}: it is no group of keys`);
  }
  return content as Record<string, unknown>;
}

function withPaths(value: Record<string, unknown>, keys: readonly string[], folder: string): object {
  const full = keys.flatMap((key) => {
    const path = value[key];
    return typeof path === "string" && path !== "" ? [[key, fullPath(path, folder)]] : [];
  });
  return { ...value, ...Object.fromEntries(full) };
}

/** A command with a slash is relative to the file; one without is looked for in PATH. */
function withCommand({ name, value }: Named<KubeconfigUser>, folder: string): Named<KubeconfigUser> {
  const command = value.exec?.command;
  if (!command?.includes("/")) return { name, value } as Named<KubeconfigUser>;
  const exec = { ...value.exec, command: fullPath(command, folder) };
  return { name, value: { ...value, exec } } as Named<KubeconfigUser>;
}

function fullPath(path: string, folder: string): string {
  return path.startsWith("/") ? path : `${folder}${path}`;
}

type Part = "clusters" | "users" | "contexts";

/** The first entry of a name, in the order of the files. */
function first<Name extends Part>(
  files: readonly KubeconfigFile[],
  part: Name,
  name: string,
): { value: KubeconfigFile[Name][number]["value"]; path: string } | undefined {
  for (const file of files) {
    const found = file[part].find((entry) => entry.name === name);
    if (found) return { value: found.value, path: file.path };
  }
  return undefined;
}

/** What kubectl can and weir cannot is said, not passed over. */
function refuseUnknown({ name, path, cluster, user }: ChosenContext): void {
  const refuse = (what: string, instead: string) => {
    throw new UsageError(`Cannot use context "${name}" of ${path}: weir has no ${what}; ${instead}`);
  };
  if (!/^https?:\/\//.test(cluster.server)) {
    refuse(`server "${cluster.server}"`, "an http:// or https:// address is wanted");
  }
  if (cluster["proxy-url"]) refuse("proxy-url", "set HTTPS_PROXY in its environment");
  if ((user["as-groups"]?.length ?? 0) > 1) refuse("as-groups of more than one", "name one group");
  if (user["auth-provider"]) {
    refuse(`auth-provider "${user["auth-provider"].name ?? ""}"`, "use a credential plugin (exec) or a token");
  }
}

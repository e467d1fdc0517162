/** The API server that settings or this machine name, as the cluster check asks it. */
import type { Requirement } from "../../capture/mod.ts";
import type { ObjectFilter } from "../../enrich/kubernetes/mod.ts";
import { EnvironmentError, UsageError } from "../../errors.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { wantsCluster } from "../cluster_names.ts";
import { kubernetesOptions } from "../kubernetes_options.ts";
import { checkPermissions, type Permission } from "./cluster.ts";

const VERBS = ["list", "watch"];

/** What is known of a run's settings. */
export type Said = Pick<LoadedSettings, "settings" | "origins">;

/** env: of this process. Nothing where flows are not to be named after Kubernetes. */
export async function checkCluster(said: Said, env: (name: string) => string | undefined): Promise<Requirement[]> {
  if (!wantsCluster(said, env)) return [];
  // loaded only here: it costs memory
  const { askServer, findAccess, ObjectFilter } = await import("../../enrich/kubernetes/mod.ts");
  const options = kubernetesOptions(said.settings, 0);
  try {
    const access = await findAccess({ ...options, nowMs: Date.now, env });
    const ask = (path: string, body: unknown) => askServer(access, path, body);
    return await checkPermissions(access.server, permissionsOf(new ObjectFilter(options.selectors)), ask);
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

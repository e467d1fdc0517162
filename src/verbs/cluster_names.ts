/** Names from Kubernetes, where settings or the place that weir runs in want them. */
import type { AttributeSets } from "../attribute_sets.ts";
import { longestSilenceMs, type TableOptions } from "../count/mod.ts";
import type { OwnAddress } from "../enrich/mod.ts";
import type { KubernetesNames } from "../enrich/kubernetes/mod.ts";
import { log } from "../log.ts";
import type { LoadedSettings } from "../settings/mod.ts";
import { kubernetesOptions } from "./kubernetes_options.ts";

/** Time for a record to be handed out after its flow ended, beside the longest silence that ends one. */
const HAND_OUT_MS = 60_000;
const MEMORY_LEAST_MS = 300_000;
/** Set by Kubernetes in every pod. */
const IN_POD = "KUBERNETES_SERVICE_HOST";

/**
 * Begins to follow the cluster. undefined: nobody wants it. Throws UsageError for settings that cannot be,
 * EnvironmentError where there is no cluster.
 */
export async function openClusterNames(
  loaded: LoadedSettings,
  table: TableOptions,
  sets: AttributeSets,
  isOwn: OwnAddress,
): Promise<KubernetesNames | undefined> {
  if (!wantsCluster(loaded, (name) => Deno.env.get(name))) return undefined;
  const { settings } = loaded;
  // loaded only here: it costs memory
  const { KubernetesNames } = await import("../enrich/kubernetes/mod.ts");
  const memoryMs = Math.max(MEMORY_LEAST_MS, longestSilenceMs(table) + HAND_OUT_MS);
  const names = await KubernetesNames.open({ options: kubernetesOptions(settings, memoryMs), sets, isOwn });
  log.info("Following Kubernetes by {origin}", { origin: names.origin });
  names.start();
  return names;
}

/** Whether flows are to be named: as settings say, else where they say anything of it, and in a pod. */
export function wantsCluster(
  { settings, origins }: Pick<LoadedSettings, "settings" | "origins">,
  env: (name: string) => string | undefined,
): boolean {
  const { enabled } = settings.discovery.informer.k8s;
  return enabled ?? (origins.find("discovery.informer.k8s") !== undefined || Boolean(env(IN_POD)));
}

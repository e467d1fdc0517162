/** Settings as the Kubernetes stage wants them. */
import type { KubernetesOptions } from "../enrich/kubernetes/mod.ts";
import type { Settings } from "../settings/mod.ts";

type Side = Settings["attributes"]["source"];
type SideOptions = NonNullable<KubernetesOptions["source"]>;

/** How long a flow may wait for a name that is on its way. */
const LATE_NAMING_MS = 5_000;

/** memoryMs: longer than any flow takes from its end to its record. */
export function kubernetesOptions(settings: Settings, memoryMs: number): KubernetesOptions {
  const { k8s } = settings.discovery.informer;
  return {
    ...(k8s.kubeconfig_path ? { kubeconfigPath: k8s.kubeconfig_path } : {}),
    ...(k8s.cluster_name === undefined ? {} : { clusterName: k8s.cluster_name }),
    allowExec: k8s.allow_credential_plugins,
    syncTimeoutMs: k8s.informers_sync_timeout,
    selectors: k8s.selectors.map(({ kind, namespaces, match_labels, match_expressions, include }) => ({
      kind: kind!,
      namespaces,
      matchLabels: match_labels,
      matchExpressions: match_expressions.map(({ key, operator, values }) => ({
        key: key!,
        operator: operator!,
        values,
      })),
      include,
    })),
    ownerRelations: {
      maxDepth: k8s.owner_relations.max_depth,
      includeKinds: k8s.owner_relations.include_kinds,
      excludeKinds: k8s.owner_relations.exclude_kinds,
    },
    selectorRelations: k8s.selector_relations.map((relation) => ({
      kind: relation.kind!,
      to: relation.to,
      ...given("selectorMatchLabelsField", relation.selector_match_labels_field),
      ...given("selectorMatchExpressionsField", relation.selector_match_expressions_field),
    })),
    source: sideOptions(settings.attributes.source),
    destination: sideOptions(settings.attributes.destination),
    standardNames: k8s.include_standard_names,
    lateNamingMs: LATE_NAMING_MS,
    memoryMs,
  };
}

function sideOptions({ k8s }: Side): SideOptions | undefined {
  if (!k8s.enabled) return undefined;
  const { metadata, label, annotation } = k8s.extract;
  return {
    extract: { metadata, labels: label.map(keyRule), annotations: annotation.map(keyRule) },
    association: Object.fromEntries(
      Object.entries(k8s.association).flatMap(([kind, rule]) =>
        // policies always go by what they permit
        rule?.enabled && kind !== "networkpolicy"
          ? [[kind, rule.sources.map(({ from, to }) => ({ name: from!, to }))]]
          : []
      ),
    ),
  };
}

type Extraction = Side["k8s"]["extract"]["label"][number];

function keyRule({ from, key, key_regex, value_regex, attribute, attribute_value }: Extraction) {
  return {
    from,
    ...given("key", key),
    ...given("keyRegex", key_regex),
    ...given("valueRegex", value_regex),
    ...given("attribute", attribute),
    ...given("attributeValue", attribute_value),
  };
}

/** A key only where it has a value. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [name in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value };
}

import assert from "node:assert/strict";
import type { Attributes } from "../../../src/attribute_sets.ts";
import { KUBERNETES_ATTRIBUTES, type KubernetesAttribute } from "../../../src/enrich/kubernetes/mod.ts";
import { defaultSide } from "../../../src/enrich/kubernetes/options.ts";
import { recordOf } from "../../support/cluster/attribution.ts";
import { ATTRIBUTION_CASES } from "../../support/cluster/attribution_cases.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";
import { shopChanges, shopObjects } from "../../support/cluster/shop.ts";

function find(of: KubernetesAttribute["of"], name: string): KubernetesAttribute | undefined {
  const matches = ({ name: pattern }: KubernetesAttribute) =>
    new RegExp(`^${pattern.replaceAll(".", "\\.").replace("KIND", "[a-z]+").replace("KEY", ".+")}$`).test(name);
  const known = KUBERNETES_ATTRIBUTES.filter((attribute) => attribute.of === of);
  return known.find((attribute) => attribute.name === name) ?? known.find(matches);
}

Deno.test("KUBERNETES_ATTRIBUTES has every attribute that flows get, with its type, and none that no flow gets", () => {
  const side = (name: "source" | "destination") => {
    const every = [{ from: "*", key: "*" }];
    return { ...defaultSide(name), extract: { ...defaultSide(name).extract, labels: every, annotations: every } };
  };
  const cluster = new PureCluster({ source: side("source"), destination: side("destination"), clusterName: "east" });
  for (const object of shopObjects()) {
    object.metadata.annotations = { "example.org/note": "x" };
    cluster.create(object);
  }
  const status = { addresses: [{ type: "IPAddress", value: "203.0.113.30" }] };
  cluster.create({ apiVersion: "v1", kind: "Gateway", metadata: { name: "edge", namespace: "shop" }, status });
  const before = cluster.nowMs += 5_000;
  cluster.nowMs += 200;
  for (const change of shopChanges()) cluster.apply(change);
  const seen = new Set<KubernetesAttribute>();
  const check = (of: KubernetesAttribute["of"], attributes: Attributes = {}) => {
    for (const [name, value] of Object.entries(attributes)) {
      const known = find(of, name);
      assert(known, `${of}: ${name}`);
      assert.equal(Array.isArray(value) ? "string[]" : typeof value, known.type, name);
      seen.add(known);
    }
  };
  const gateway = { name: "a gateway", source: "203.0.113.30", destination: "192.0.2.1", expected: {} };
  for (const wanted of [...ATTRIBUTION_CASES, gateway]) {
    const names = cluster.naming.namesOf(recordOf(wanted, { before, after: before + 1_000 }));
    check("end", names.source?.attributes);
    check("end", names.destination?.attributes);
    check("flow", names.flow?.attributes);
  }
  assert.deepEqual(KUBERNETES_ATTRIBUTES.filter((attribute) => !seen.has(attribute)), []);
});

/** What flows are called, case by case, without an API server; tests/cluster/attribution.ts has one. */
import assert from "node:assert/strict";
import { checkCase, type Moments } from "../../support/cluster/attribution.ts";
import { ATTRIBUTION_CASES, ATTRIBUTION_OPTIONS } from "../../support/cluster/attribution_cases.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";
import { shopChanges, shopObjects } from "../../support/cluster/shop.ts";

function shop(): { cluster: PureCluster; moments: Moments } {
  const cluster = new PureCluster(ATTRIBUTION_OPTIONS);
  for (const object of shopObjects()) cluster.create(object);
  const before = cluster.nowMs += 300;
  cluster.nowMs += 200;
  for (const change of shopChanges()) cluster.apply(change);
  const after = cluster.nowMs += 307;
  return { cluster, moments: { before, after } };
}

Deno.test("the table of attribution has a case for everything", () => {
  assert(ATTRIBUTION_CASES.length >= 30, `${ATTRIBUTION_CASES.length} cases`);
});

for (const wanted of ATTRIBUTION_CASES) {
  Deno.test(`namesOf() knows ${wanted.name}`, () => {
    const { cluster, moments } = shop();
    checkCase(cluster.naming, wanted, moments, (_, uid) => assert.match(uid, /^[09]{8}-0000-4000-8000-\d{12}$/));
  });
}

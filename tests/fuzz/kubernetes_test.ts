/** Objects that no API server would send: they are refused by one of two errors, and what is named is still text. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { defaultSide } from "../../src/enrich/kubernetes/options.ts";
import { recordOf } from "../support/cluster/attribution.ts";
import { ATTRIBUTION_CASES } from "../support/cluster/attribution_cases.ts";
import { PureCluster } from "../support/cluster/pure_cluster.ts";
import { shopObjects } from "../support/cluster/shop.ts";
import { type Random, randomTest } from "../support/random.ts";

const NONSENSE = [null, "", "x", 0, -1, 1e300, true, [], {}, [null], [[]], { a: { b: 1 } }, "10.1.0.10", ["10.1.0.10"]];

/** Puts nonsense in one place of a value, or leaves a part out. */
function spoil(random: Random, value: unknown): unknown {
  if (value === null || typeof value !== "object" || random.oneIn(5)) return random.pick(NONSENSE);
  if (Array.isArray(value)) {
    const place = random.below(value.length + 1);
    return value.toSpliced(place, 1, spoil(random, value[place] ?? null));
  }
  const keys = Object.keys(value);
  if (!keys.length) return random.pick(NONSENSE);
  const key = random.pick(keys);
  const { [key]: part, ...rest } = value as Record<string, unknown>;
  return random.oneIn(6) ? rest : { ...rest, [key]: spoil(random, part) };
}

randomTest("Store.put() and namesOf() bear objects with nonsense in any place", (random) => {
  const every = [{ from: "*", key: "*" }];
  const side = (name: "source" | "destination") => ({
    ...defaultSide(name),
    extract: { ...defaultSide(name).extract, labels: every, annotations: every },
  });
  const cluster = new PureCluster({
    source: side("source"),
    destination: side("destination"),
    selectorRelations: [{ kind: "Service", to: "Pod" }, { kind: "NetworkPolicy", to: "Pod" }],
  });
  const made = shopObjects().map((object) => cluster.create(object));
  for (let i = 0; i < 1_009; i++) {
    const known = random.pick(made);
    const { uid } = known.metadata;
    const spoiled = spoil(random, known) as typeof known;
    if (spoiled?.metadata && typeof spoiled.metadata === "object") spoiled.metadata.uid ??= uid;
    try {
      const { store } = cluster.naming;
      if (random.oneIn(9)) store.delete(cluster.kind(known.kind), spoiled ?? {});
      else store.put(cluster.kind(known.kind), spoiled ?? {});
    } catch (error) {
      assert(error instanceof TypeError || error instanceof UsageError, String(error));
    }
    const moments = { before: cluster.nowMs, after: cluster.nowMs += 11 };
    const { source, destination, flow } = cluster.naming.namesOf(recordOf(random.pick(ATTRIBUTION_CASES), moments));
    for (const [name, value] of [source, destination, flow].flatMap((set) => Object.entries(set?.attributes ?? {}))) {
      const texts = Array.isArray(value) ? value : [value];
      assert(texts.every((text) => typeof text === "string"), `${name} is ${JSON.stringify(value)}`);
    }
  }
  for (let i = 0; i < 3; i++) cluster.naming.forget();
});

/** The table of attribution with a real API server: its objects, followed as the agent follows them. */
import assert from "node:assert/strict";
import { type Attributes, AttributeSets } from "../../src/attribute_sets.ts";
import { DEFAULT_OPTIONS, KubernetesNames } from "../../src/enrich/kubernetes/mod.ts";
import { ApiCluster } from "../support/cluster/api_cluster.ts";
import { checkCase, type Moments } from "../support/cluster/attribution.ts";
import { ATTRIBUTION_CASES, ATTRIBUTION_OPTIONS } from "../support/cluster/attribution_cases.ts";
import { type Manifest, pod } from "../support/cluster/manifest.ts";
import type { Json } from "../support/cluster/api_user.ts";
import { buildRecord } from "../support/build_record.ts";
import { ControlPlane } from "../support/cluster/control_plane.ts";
import { ROLLOUT_UID, shopChanges, shopObjects } from "../support/cluster/shop.ts";
import { until } from "../support/network_lab.ts";

let plane: ControlPlane;
let names: KubernetesNames;
let moments: Moments;
/** Uids by the word and name that attributes have. */
const uids = new Map<string, string>();

Deno.test.beforeAll(async () => {
  plane = await ControlPlane.start();
  const cluster = new ApiCluster(plane.admin);
  names = await KubernetesNames.open({
    options: {
      ...DEFAULT_OPTIONS,
      ...ATTRIBUTION_OPTIONS,
      kubeconfigPath: plane.writeKubeconfig(plane.adminIdentity),
    },
    sets: new AttributeSets(),
  });
  names.start();
  await until("the first lists", () => names.readiness().isReady);
  for (const object of shopObjects()) await create(cluster, object);
  for (const namespace of (await plane.admin.get("/api/v1/namespaces")).items) remember("Namespace", namespace);
  await create(cluster, marker("made"));
  await until("all pods", () => isNamed("marker-made"));
  const before = Date.now();
  for (const change of shopChanges()) {
    if ("create" in change) await create(cluster, change.create);
    else await cluster.apply(change);
  }
  // events of one kind come in order: who knows the last pod knows what was before
  await create(cluster, marker("changed"));
  await until("all changes", () => isNamed("marker-changed") && names.sizes().goneObjects === 3);
  moments = { before, after: Date.now() };
});

Deno.test.afterAll(async () => {
  await names?.close();
  await plane?.[Symbol.asyncDispose]();
});

const MARKERS: Record<string, string> = { "marker-made": "10.1.0.201", "marker-changed": "10.1.0.202" };

function marker(label: string): Manifest {
  const name = `marker-${label}`;
  return pod({ namespace: "ops", name, node: "node-a", hostIp: "192.168.10.1", ips: [MARKERS[name]!] });
}

function isNamed(name: string): boolean {
  const now = BigInt(Date.now()) * 1_000_000n;
  const record = buildRecord({ source: MARKERS[name]!, startUnixNs: now, endUnixNs: now });
  return names.namesOf(record).source?.attributes["k8s.pod.name"] === name;
}

async function create(cluster: ApiCluster, manifest: Manifest): Promise<void> {
  remember(manifest.kind, await cluster.create(manifest));
}

function remember(kind: string, { metadata }: Json): void {
  uids.set(`${kind.toLowerCase()} ${metadata.name}`, metadata.uid);
}

/** Each uid is that of the object whose name stands beside it. */
function checkUid(word: string, uid: string, attributes: Attributes): void {
  if (word === "cluster") return assert.equal(uid, uids.get("namespace kube-system"));
  if (word === "rollout") return assert.equal(uid, ROLLOUT_UID);
  assert.equal(uid, uids.get(`${word} ${attributes[`k8s.${word}.name`]}`), word);
}

for (const wanted of ATTRIBUTION_CASES) {
  Deno.test(`namesOf() knows ${wanted.name}`, () => checkCase(names, wanted, moments, checkUid));
}

Deno.test("nothing that the API server sent was refused or made no sense", () => {
  for (const [kind, { refused, errors }] of names.counters.kinds()) {
    assert.deepEqual(Object.values(refused).filter(Boolean), [], kind);
    if (kind !== "Gateway") assert.deepEqual(Object.values(errors).filter(Boolean), [], kind);
  }
});

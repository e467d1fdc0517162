import assert from "node:assert/strict";
import type { EndExplanation, FlowQuestion } from "../../../src/enrich/kubernetes/mod.ts";
import { recordOf } from "../../support/cluster/attribution.ts";
import { ATTRIBUTION_CASES } from "../../support/cluster/attribution_cases.ts";
import { PureCluster } from "../../support/cluster/pure_cluster.ts";
import { shopChanges, shopObjects } from "../../support/cluster/shop.ts";

const CHANGED_AFTER_MS = 7_000;

function shop(): { cluster: PureCluster; question: FlowQuestion; beforeMs: number } {
  const cluster = new PureCluster();
  for (const object of shopObjects()) cluster.create(object);
  const beforeMs = cluster.nowMs += 5_000;
  cluster.nowMs += CHANGED_AFTER_MS;
  for (const change of shopChanges()) cluster.apply(change);
  cluster.nowMs += 60_000;
  const question = {
    source: "10.1.1.20",
    sourcePort: 40_009,
    destination: "10.1.1.30",
    destinationPort: 5432,
    protocol: 6,
    startMs: beforeMs,
    endMs: beforeMs + 100,
  };
  return { cluster, question, beforeMs };
}

function verdicts({ candidates }: EndExplanation): string[] {
  return candidates.map(({ kind, name, verdict }) => `${kind} ${name} ${verdict}`).sort();
}

Deno.test("explain() gives the names that flows get, case by case, and says who they are from", () => {
  const { cluster, beforeMs } = shop();
  const moments = { before: beforeMs, after: cluster.nowMs };
  for (const wanted of ATTRIBUTION_CASES) {
    const record = recordOf(wanted, moments);
    const { source, destination } = cluster.naming.namesOf(record);
    const explanation = cluster.naming.explain({
      source: wanted.source,
      sourcePort: record.sourcePort,
      destination: wanted.destination,
      destinationPort: record.destinationPort,
      protocol: record.protocol,
      startMs: record.startUnixMs,
      endMs: record.endUnixMs,
    });
    assert.deepEqual(explanation.source.names, source?.attributes ?? {}, wanted.name);
    assert.deepEqual(explanation.destination.names, destination?.attributes ?? {}, wanted.name);
    for (const end of [explanation.source, explanation.destination]) {
      const isNamed = end.candidates.some(({ verdict }) => verdict === "named");
      assert.equal(isNamed, Object.keys(end.names).length > 0, wanted.name);
      assert.equal(end.unnamed === undefined, isNamed, wanted.name);
    }
  }
});

Deno.test("explain() tells of a flow's pod, owners, service and policies", () => {
  const { cluster, question } = shop();
  const { source, destination, ingress, egress } = cluster.naming.explain(question);
  assert.deepEqual(source.owners.map(({ kind, name, known, left }) => [kind, name, known, left]), [
    ["ReplicaSet", "api-77c9", true, undefined],
    ["Deployment", "api", true, undefined],
  ]);
  assert.deepEqual(verdicts(destination), ["EndpointSlice db-v4 named", "Pod db-0 named"]);
  assert.deepEqual(ingress, {
    verdict: "allow",
    policies: [
      { namespace: "data", name: "db-from-api", permits: true },
      { namespace: "data", name: "default-deny", permits: false },
    ],
  });
  assert.equal(egress, undefined);
});

Deno.test("explain() tells which policies may permit what is not known", () => {
  const { cluster, question } = shop();
  const { ingress } = cluster.naming.explain({ ...question, source: "10.1.0.77" });
  assert.deepEqual(ingress, {
    verdict: "unknown",
    policies: [
      { namespace: "data", name: "db-from-api", permits: "unknown" },
      { namespace: "data", name: "default-deny", permits: false },
    ],
  });
});

Deno.test("explain() tells why candidates are not named: time, port, a rival", () => {
  const { cluster, question, beforeMs } = shop();
  const reused = { ...question, source: "10.1.0.70" };
  const early = cluster.naming.explain(reused).source;
  assert.deepEqual(verdicts(early), ["Pod first named", "Pod second other_time"]);
  const [first, second] = [...early.candidates].sort((a, b) => a.name < b.name ? -1 : 1);
  assert.equal(first!.toMs, beforeMs + CHANGED_AFTER_MS);
  assert.deepEqual([second!.fromMs, second!.toMs], [beforeMs + CHANGED_AFTER_MS, undefined]);
  assert.equal(second!.role, "pod with the address");
  const late = cluster.naming.explain({ ...reused, startMs: cluster.nowMs, endMs: cluster.nowMs }).source;
  assert.deepEqual(verdicts(late), ["Pod first other_time", "Pod second named"]);
  const host =
    cluster.naming.explain({ ...question, destination: "192.168.10.1", destinationPort: 10_250 }).destination;
  assert.deepEqual(verdicts(host), [
    "Node node-a named",
    "Pod edge other_port",
    "Pod exporter-node-a other_port",
    "Pod proxy-node-a other_port",
  ]);
  const nodePort =
    cluster.naming.explain({ ...question, destination: "192.168.10.1", destinationPort: 30_080 }).destination;
  assert(verdicts(nodePort).includes("Service web named"));
});

Deno.test("explain() tells why an end has no name", () => {
  const { cluster, question } = shop();
  const unnamed = (destination: string, port: number) =>
    cluster.naming.explain({ ...question, destination, destinationPort: port }).destination.unnamed;
  assert.equal(unnamed("192.0.2.1", 443), "outside");
  assert.equal(unnamed("10.1.0.250", 443), "unknown");
  assert.equal(unnamed("203.0.113.10", 22), "other_port");
});

Deno.test("explain() refuses what is no address", () => {
  const { cluster, question } = shop();
  assert.throws(() => cluster.naming.explain({ ...question, source: "web" }), {
    name: "UsageError",
    message: 'Cannot explain address "web": an IPv4 or IPv6 address is wanted',
  });
});

/** The whole of it against a scripted API server: when it is ready, and what it says meanwhile. */
import assert from "node:assert/strict";
import { AttributeSets } from "../../../src/attribute_sets.ts";
import type { Access } from "../../../src/enrich/kubernetes/api/access.ts";
import type { ReflectorTiming } from "../../../src/enrich/kubernetes/api/reflector.ts";
import { DEFAULT_OPTIONS, KubernetesNames } from "../../../src/enrich/kubernetes/mod.ts";
import { KINDS_DEFAULT } from "../../../src/enrich/kubernetes/options.ts";
import { buildRecord } from "../../support/build_record.ts";
import { ScriptedApi } from "../../support/cluster/scripted_api.ts";
import { until } from "../../support/network_lab.ts";

/** Namespaces, pods and nothing else. */
const SELECTORS = KINDS_DEFAULT.filter((kind) => kind !== "Pod").map((kind) => ({ kind, include: false }));

class Bed implements AsyncDisposable {
  readonly api = new ScriptedApi();
  names!: KubernetesNames;
  nowMs = 0;

  async open(): Promise<this> {
    const tls = { ca: undefined, cert: undefined, key: undefined, serverName: undefined, insecure: false };
    const access: Access = {
      server: this.api.url,
      origin: "the test",
      credentials: () => Promise.resolve({ headers: {}, tls }),
      refused: () => {},
    };
    const timing: ReflectorTiming = {
      nowMs: () => this.nowMs,
      random: () => 0,
      wait: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
    };
    const options = { ...DEFAULT_OPTIONS, selectors: SELECTORS };
    this.names = await KubernetesNames.open({ options, sets: new AttributeSets(), access, timing });
    this.names.start();
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.names.close();
    await this.api[Symbol.asyncDispose]();
  }
}

const POD = {
  metadata: {
    name: "web",
    namespace: "default",
    uid: "1",
    resourceVersion: "5",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: { nodeName: "a", containers: [] },
  status: { podIP: "10.1.0.1", hostIP: "192.168.10.1", startTime: "2026-01-01T00:00:00Z" },
};

Deno.test("KubernetesNames is ready when all lists are in, and waits with flows until then", async () => {
  await using bed = await new Bed().open();
  const streams = [bed.api.stream(), bed.api.stream()];
  await until("both requests", () => bed.api.requests.length === 2);
  const now = BigInt(Date.now()) * 1_000_000n;
  const record = buildRecord({ source: "10.1.0.1", destination: "10.1.0.1", startUnixNs: now, endUnixNs: now });
  assert.equal(bed.names.readiness().isReady, false);
  assert.equal(bed.names.isSettled(record), false);
  const pods = streams[bed.api.requests.findIndex((path) => path.startsWith("/api/v1/pods"))]!;
  pods.send("ADDED", POD);
  await until("the pod", () => bed.names.namesOf(record).source);
  assert.equal(bed.names.isSettled(record), true, "both its ends are named already");
  assert.equal(bed.names.readiness().isReady, false);
  for (const stream of streams) stream.sendInitialEnd("7");
  await until("readiness", () => bed.names.readiness().isReady);
  assert.equal(bed.names.readiness().detail, "all lists are in");
  assert.deepEqual(bed.names.sizes().objects.filter(({ count }) => count), [{ kind: "Pod", count: 1 }]);
  assert.deepEqual([bed.names.sizes().addresses, bed.names.sizes().attributeSets], [1, 1]);
});

Deno.test("KubernetesNames waits no longer than it is told to, and says what it goes on without", async () => {
  await using bed = await new Bed().open();
  bed.api.stream();
  await until("both requests", () => bed.api.requests.length === 2);
  bed.nowMs = 29_999;
  const { isReady, detail } = bed.names.readiness();
  assert.deepEqual([isReady, detail], [false, "waits for lists of Namespace, Pod"]);
  bed.nowMs = 30_000;
  assert.equal(bed.names.readiness().isReady, true);
  assert.equal(bed.names.readiness().detail, "goes on without lists of Namespace, Pod");
});

Deno.test("KubernetesNames is ready without what it may not see, and says which rule would mend it", async () => {
  await using bed = await new Bed().open();
  for (let i = 0; i < 2; i++) {
    bed.api.answer((url) =>
      url.pathname === "/api/v1/pods"
        ? Response.json({ kind: "Status", code: 403, reason: "Forbidden", message: "pods is forbidden" }, {
          status: 403,
        })
        : new Response(
          '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}\n',
        )
    );
  }
  await until("readiness", () => bed.names.readiness().isReady);
  const { detail, kinds } = bed.names.readiness();
  assert.match(detail, /^all lists are in; without Pod/);
  assert.equal(
    kinds.find(({ kind }) => kind === "Pod")!.detail,
    "Cannot watch pods: pods is forbidden; add to weir's ClusterRole:\n" +
      '- apiGroups: [""]\n  resources: ["pods"]\n  verbs: ["list", "watch"]',
  );
});

Deno.test("KubernetesNames.open() refuses options that cannot be, before it asks anybody", async () => {
  const access = {} as Access;
  const open = (selectors: Array<{ kind: string }>) =>
    KubernetesNames.open({ options: { ...DEFAULT_OPTIONS, selectors }, sets: new AttributeSets(), access });
  await assert.rejects(open([{ kind: "Pot" }]), { name: "UsageError" });
});

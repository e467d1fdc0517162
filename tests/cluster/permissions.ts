/** What weir may and may not see, on a real API server: a kind without permission is off, and comes back with it. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { KINDS_DEFAULT } from "../../src/enrich/kubernetes/options.ts";
import { weir } from "../support/agent_process.ts";
import type { Json } from "../support/cluster/api_user.ts";
import { ControlPlane } from "../support/cluster/control_plane.ts";
import { FollowedCluster } from "../support/cluster/followed_cluster.ts";
import { object } from "../support/cluster/manifest.ts";
import { until } from "../support/network_lab.ts";

const ROLES = "/apis/rbac.authorization.k8s.io/v1";
const ROLE = `${ROLES}/clusterroles/weir`;
const RESYNC_MS = 60_000;

const READ = ["list", "watch"];
const RULES: Json[] = [
  { apiGroups: [""], resources: ["namespaces", "nodes", "services"], verbs: READ },
  { apiGroups: ["apps"], resources: ["deployments", "replicasets", "statefulsets", "daemonsets"], verbs: READ },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: READ },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies", "ingresses"], verbs: READ },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
];

/** A user with a role of its own. */
function agentWith(rules: Json[]) {
  return async (plane: ControlPlane) => {
    await plane.admin.create(`${ROLES}/clusterroles`, { metadata: { name: "weir" }, rules });
    await plane.admin.create(`${ROLES}/clusterrolebindings`, {
      metadata: { name: "weir" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "weir" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "weir" }],
    });
    return (await plane.user("weir", "/CN=weir")).identity;
  };
}

Deno.test("a kind without permission is off, and the rule that is asked for brings it", async () => {
  await using cluster = await FollowedCluster.start({}, { identity: agentWith(RULES) });
  const { isReady, detail } = cluster.names.readiness();
  assert(isReady, detail);
  assert.match(detail, /without Gateway, Pod/);
  const pods = cluster.stateOf("Pod");
  assert.equal(pods.state, "forbidden");
  assert.match(pods.detail, /Cannot watch pods: .*User "weir" cannot watch resource "pods"/);
  await cluster.createPod("hidden", "10.1.0.60");
  assert.equal(cluster.podAt("10.1.0.60"), undefined);
  const rule = parse(pods.detail.slice(pods.detail.indexOf("\n") + 1));
  await cluster.plane.admin.patch(ROLE, { rules: [...RULES, ...rule] });
  await until("the pod", () => cluster.podAt("10.1.0.60") === "hidden", RESYNC_MS);
  assert.equal(cluster.stateOf("Pod").detail, "");
});

Deno.test("permission that is taken away leaves what was known, and given back brings what happened meanwhile", async () => {
  const withPods = [...RULES, { apiGroups: [""], resources: ["pods"], verbs: READ }];
  await using cluster = await FollowedCluster.start({}, { identity: agentWith(withPods) });
  await cluster.createPod("known", "10.1.0.61");
  await cluster.createPod("leaving", "10.1.0.62");
  await until("the pods", () => cluster.podAt("10.1.0.61") && cluster.podAt("10.1.0.62"));
  await cluster.plane.admin.patch(ROLE, { rules: RULES });
  // a watch that runs is not cut by a change of roles: the API server's restart ends it
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.startApiServer();
  await until("the refusal", () => cluster.stateOf("Pod").state === "forbidden", RESYNC_MS);
  assert.equal(cluster.podAt("10.1.0.61"), "known");
  await cluster.deletePod("leaving");
  await cluster.createPod("new", "10.1.0.63");
  assert.equal(cluster.podAt("10.1.0.63"), undefined);
  await cluster.plane.admin.patch(ROLE, { rules: withPods });
  await until("the new pod", () => cluster.podAt("10.1.0.63") === "new", RESYNC_MS);
  await until("the deletion", () => cluster.podAt("10.1.0.62", Date.now() + 2_000) === undefined, RESYNC_MS);
  assert.equal(cluster.podAt("10.1.0.61"), "known");
});

Deno.test("a role of one namespace is enough for selectors of one namespace", async () => {
  const namespaced = ["Pod", "Service", "EndpointSlice"];
  const selectors = KINDS_DEFAULT.map((kind) =>
    namespaced.includes(kind) ? { kind, namespaces: ["default"] } : { kind, include: kind === "Namespace" }
  );
  const identity = async (plane: ControlPlane) => {
    await plane.admin.create(`${ROLES}/namespaces/default/roles`, {
      metadata: { name: "weir" },
      rules: [
        { apiGroups: [""], resources: ["pods", "services"], verbs: READ },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
      ],
    });
    await plane.admin.create(`${ROLES}/namespaces/default/rolebindings`, {
      metadata: { name: "weir" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "weir" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "weir" }],
    });
    return (await plane.user("weir", "/CN=weir")).identity;
  };
  await using cluster = await FollowedCluster.start({ selectors }, { identity });
  await cluster.createPod("ours", "10.1.0.64");
  await until("the pod", () => cluster.podAt("10.1.0.64") === "ours");
  const states = cluster.names.readiness().kinds.map(({ kind, state }) => `${kind} ${state}`);
  assert.deepEqual(states, ["Namespace forbidden", "Service watching", "EndpointSlice watching", "Pod watching"]);
});

Deno.test("gateways are named as soon as the cluster has that kind", async () => {
  await using cluster = await FollowedCluster.start();
  assert.equal(cluster.stateOf("Gateway").state, "missing");
  await cluster.plane.admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", GATEWAY_DEFINITION);
  await until("the kind", async () => {
    const gateway = object("gateway.networking.k8s.io/v1", "Gateway", "edge", "default", {
      spec: { gatewayClassName: "test" },
    });
    return await cluster.objects.create(gateway).catch(() => undefined);
  });
  await cluster.objects.status("Gateway", "default", "edge", {
    addresses: [{ type: "IPAddress", value: "203.0.113.77" }],
  });
  await until("the gateway", () => cluster.attributesOf("203.0.113.77"), RESYNC_MS);
  assert.equal(cluster.attributesOf("203.0.113.77")!["k8s.gateway.name"], "edge");
});

const GATEWAY_DEFINITION = {
  metadata: {
    name: "gateways.gateway.networking.k8s.io",
    annotations: { "api-approved.kubernetes.io": "unapproved, of a test" },
  },
  spec: {
    group: "gateway.networking.k8s.io",
    names: { kind: "Gateway", listKind: "GatewayList", plural: "gateways", singular: "gateway" },
    scope: "Namespaced",
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      subresources: { status: {} },
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    }],
  },
};

Deno.test("weir doctor asks for each permission, and names the rules that are missing", async () => {
  await using plane = await ControlPlane.start();
  const kubeconfig = plane.writeKubeconfig(await agentWith(RULES)(plane));
  const config = `${kubeconfig}.yaml`;
  await Deno.writeTextFile(config, `discovery: { informer: { k8s: { kubeconfig_path: ${kubeconfig} } } }`);
  const ask = async () => {
    const words = ["doctor", "--json", "--no-attach", "--config", config, "--socket", "/nonexistent/weir.sock"];
    const { code, stdout } = await weir(...words);
    return { code, lines: JSON.parse(stdout).cluster as Array<Record<string, string>> };
  };
  const lacking = await ask();
  assert.equal(lacking.code, 1);
  assert.deepEqual(lacking.lines.map(({ name, state }) => [name, state]), [["kubernetes pods", "missing"]]);
  const rule = /apiGroups: .*$/.exec(lacking.lines[0]!.remedy!)![0];
  await plane.admin.patch(ROLE, { rules: [...RULES, parse(`{ ${rule} }`)] });
  await until("the rule to be in force", async () => (await ask()).code === 0, RESYNC_MS);
  const [line] = (await ask()).lines;
  assert.match(line!.found!, /^https:\/\/127\.0\.0\.1:\d+ allows all \d+ permissions that names need$/);
});

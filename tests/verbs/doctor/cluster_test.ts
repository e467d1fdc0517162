import { deepEqual, equal, match } from "node:assert/strict";
import { loadSettings } from "../../../src/settings/mod.ts";
import { checkPermissions, type Permission } from "../../../src/verbs/doctor/cluster.ts";
import { checkCluster, permissionsOf } from "../../../src/verbs/doctor/cluster_access.ts";

const PODS = { group: "", resource: "pods" };
const SETS = { group: "apps", resource: "replicasets" };
const WANTED: Permission[] = [PODS, SETS].flatMap((kind) => ["list", "watch"].map((verb) => ({ ...kind, verb })));

// deno-lint-ignore no-explicit-any
type Review = any;

/** A server that allows what `isAllowed` says. */
function server(isAllowed: (attributes: Permission) => boolean) {
  const paths: string[] = [];
  const ask = (path: string, body: unknown) => {
    paths.push(path);
    const review = body as Review;
    const allowed = isAllowed(review.spec.resourceAttributes);
    return Promise.resolve({ status: 201, text: JSON.stringify({ ...review, status: { allowed } }) });
  };
  return { paths, ask };
}

Deno.test("checkPermissions() is content with one line where everything is allowed", async () => {
  const { paths, ask } = server(() => true);
  deepEqual(await checkPermissions("https://k:6443", WANTED, ask), [{
    name: "kubernetes",
    state: "ok",
    found: "https://k:6443 allows all 4 permissions that names need",
    remedy: "",
  }]);
  deepEqual(new Set(paths), new Set(["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]));
});

Deno.test("checkPermissions() has a line for each resource that may not be watched, with the rule that is missing", async () => {
  const { ask } = server(({ resource, verb }) => resource === "pods" && verb === "list");
  deepEqual(await checkPermissions("https://k:6443", WANTED, ask), [
    {
      name: "kubernetes pods",
      state: "missing",
      found: "watch is not allowed",
      remedy: `add to weir's ClusterRole: apiGroups: [""], resources: ["pods"], verbs: ["watch"]`,
    },
    {
      name: "kubernetes replicasets.apps",
      state: "missing",
      found: "list and watch is not allowed",
      remedy: `add to weir's ClusterRole: apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list","watch"]`,
    },
  ]);
});

Deno.test("checkPermissions() tells a server that does not answer from one that refuses", async () => {
  const refused = await checkPermissions(
    "https://k",
    WANTED,
    () => Promise.resolve({ status: 401, text: "Unauthorized" }),
  );
  deepEqual([refused[0]!.state, refused[0]!.found], ["missing", "https://k does not tell: HTTP 401 Unauthorized"]);
  const silent = await checkPermissions("https://k", WANTED, () => Promise.reject(new Error("Connection refused")));
  equal(silent[0]!.found, "https://k does not tell: Connection refused");
  const odd = await checkPermissions("https://k", WANTED, () => Promise.resolve({ status: 200, text: "<html>" }));
  equal(odd[0]!.state, "missing");
});

Deno.test("permissionsOf() asks for the kinds that are watched, and not for what a cluster need not serve", () => {
  const all = permissionsOf(new Set());
  equal(all.some(({ resource }) => resource === "gateways"), false);
  deepEqual(all.filter(({ resource }) => resource === "pods").map(({ verb }) => verb), ["list", "watch"]);
  equal(permissionsOf(new Set(["Pod"])).length, all.length - 2);
});

Deno.test("checkCluster() asks nobody where nobody is named, and the kubeconfig's server where one is", async () => {
  const { settings } = await loadSettings({});
  deepEqual(await checkCluster(settings, () => undefined), []);
  const tokens: Array<string | null> = [];
  const api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    tokens.push(request.headers.get("authorization"));
    const review: Review = await request.json();
    return Response.json({ ...review, status: { allowed: review.spec.resourceAttributes.resource !== "nodes" } });
  });
  const path = await Deno.makeTempFile({ prefix: "weirtest-" });
  try {
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${api.addr.port}` } }],
      users: [{ name: "u", user: { token: "t0ken" } }],
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const lines = await checkCluster(settings, (name) => name === "KUBECONFIG" ? path : undefined);
    deepEqual(lines.map(({ name, state }) => [name, state]), [["kubernetes nodes", "missing"]]);
    deepEqual(new Set(tokens), new Set(["Bearer t0ken"]));
  } finally {
    await api.shutdown();
    await Deno.remove(path);
  }
  const gone = await checkCluster(settings, (name) => name === "KUBECONFIG" ? path : undefined);
  equal(gone[0]!.state, "missing");
  match(gone[0]!.found, new RegExp(path));
});

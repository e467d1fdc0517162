import { deepEqual, equal, match } from "node:assert/strict";
import { ObjectFilter } from "../../../src/enrich/kubernetes/mod.ts";
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

Deno.test("permissionsOf() asks for the kinds that are watched, where they are, and not for what a cluster need not serve", () => {
  const all = permissionsOf(new ObjectFilter([]));
  equal(all.some(({ resource }) => resource === "gateways"), false);
  deepEqual(all.filter(({ resource }) => resource === "pods"), [
    { group: "", resource: "pods", verb: "list" },
    { group: "", resource: "pods", verb: "watch" },
  ]);
  equal(permissionsOf(new ObjectFilter([{ kind: "Pod", include: false }])).length, all.length - 2);
  const scoped = permissionsOf(new ObjectFilter([{ kind: "Pod", namespaces: ["shop"] }]));
  deepEqual(
    scoped.filter(({ namespace }) => namespace !== undefined).map(({ resource, namespace }) => [resource, namespace]),
    [
      ["pods", "shop"],
      ["pods", "shop"],
    ],
  );
});

Deno.test("checkCluster() asks nobody where names are not wanted, and the kubeconfig's server where they are", async () => {
  const nobody = () => undefined;
  deepEqual(await checkCluster(await loadSettings({}), nobody), []);
  const wanting = await loadSettings({ flags: [{ flag: "-", path: "discovery.informer.k8s.enabled", value: true }] });
  const lost = await checkCluster(wanting, nobody);
  deepEqual([lost[0]!.state, lost.length], ["missing", 1]);
  match(lost[0]!.found, /^Cannot find a Kubernetes cluster: /);

  const tokens: Array<string | null> = [];
  const api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    tokens.push(request.headers.get("authorization"));
    const review: Review = await request.json();
    return Response.json({ ...review, status: { allowed: review.spec.resourceAttributes.resource !== "nodes" } });
  });
  const path = await Deno.makeTempFile({ prefix: "weirtest-" });
  const kubeconfig = (name: string) => name === "KUBECONFIG" ? path : undefined;
  try {
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${api.addr.port}` } }],
      users: [{ name: "u", user: { token: "t0ken" } }],
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const lines = await checkCluster(wanting, kubeconfig);
    deepEqual(lines.map(({ name, state }) => [name, state]), [["kubernetes nodes", "missing"]]);
    deepEqual(new Set(tokens), new Set(["Bearer t0ken"]));
  } finally {
    await api.shutdown();
    await Deno.remove(path);
  }
  const gone = await checkCluster(wanting, kubeconfig);
  equal(gone[0]!.state, "missing");
  match(gone[0]!.found, new RegExp(path));
});

/** Ways to a cluster and into it, on a real API server: service account, plugin, certificates that are not as usual. */
import assert from "node:assert/strict";
import type { Access } from "../../src/enrich/kubernetes/api/access.ts";
import { findAccess } from "../../src/enrich/kubernetes/api/find_access.ts";
import type { Json } from "../support/cluster/api_user.ts";
import type { ControlPlane } from "../support/cluster/control_plane.ts";
import { FollowedCluster } from "../support/cluster/followed_cluster.ts";
import { podAddress, PodLoader } from "../support/cluster/pod_loader.ts";
import { until } from "../support/network_lab.ts";

const ROLES = "/apis/rbac.authorization.k8s.io/v1";
const RESYNC_MS = 60_000;

/** A service account that may read everything; audiences and lifetimes are the API server's defaults. */
async function createAccount(plane: ControlPlane): Promise<void> {
  await plane.admin.create("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "weir" } });
  await plane.admin.create(`${ROLES}/clusterrolebindings`, {
    metadata: { name: "weir" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", namespace: "default", name: "weir" }],
  });
}

async function newToken(plane: ControlPlane): Promise<string> {
  const { status } = await plane.admin.create("/api/v1/namespaces/default/serviceaccounts/weir/token", { spec: {} });
  return status.token;
}

async function access(env: Record<string, string>, accountFolder?: string): Promise<Access> {
  return await findAccess({
    allowExec: true,
    nowMs: Date.now,
    env: (name) => env[name],
    ...(accountFolder ? { accountFolder } : {}),
  });
}

/** A kubeconfig of this cluster and user. */
function writeKubeconfig(plane: ControlPlane, cluster: Json, user: Json): string {
  const path = `${plane.folder}/config`;
  Deno.writeTextFileSync(
    path,
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: plane.url, ...cluster } }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  return path;
}

Deno.test("a pod's service account is found and its token exchanged while it runs", async () => {
  let folder = "";
  await using cluster = await FollowedCluster.start({}, {
    access: async (plane) => {
      await createAccount(plane);
      folder = `${plane.folder}/account`;
      Deno.mkdirSync(folder);
      Deno.copyFileSync(plane.authority.certPath, `${folder}/ca.crt`);
      Deno.writeTextFileSync(`${folder}/token`, `${await newToken(plane)}\n`);
      const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(plane.port) };
      return await access(env, folder);
    },
  });
  assert.equal(cluster.names.origin, `the service account in ${folder}`);
  await cluster.createPod("first", "10.1.0.70");
  await until("the pod", () => cluster.podAt("10.1.0.70"));
  Deno.writeTextFileSync(`${folder}/token`, "out of date");
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.startApiServer();
  await until("the refusal", () => cluster.countsOf("Pod").errors.unauthorized > 0, RESYNC_MS);
  Deno.writeTextFileSync(`${folder}/token`, await newToken(cluster.plane));
  await cluster.createPod("second", "10.1.0.71");
  await until("the second pod", () => cluster.podAt("10.1.0.71"), RESYNC_MS);
});

Deno.test("a credential plugin is run once for all kinds, and its token kept", async () => {
  let tokenPath = "";
  await using cluster = await FollowedCluster.start({}, {
    access: async (plane) => {
      await createAccount(plane);
      tokenPath = `${plane.folder}/token`;
      Deno.writeTextFileSync(tokenPath, await newToken(plane));
      const script = 'printf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",' +
        '"status":{"token":"%s"}}\' "$(cat "$TOKEN_PATH")"; echo >> "$TOKEN_PATH.runs"';
      const path = writeKubeconfig(plane, { "certificate-authority": plane.authority.certPath }, {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "sh",
          args: ["-c", script],
          env: [{ name: "TOKEN_PATH", value: tokenPath }],
          interactiveMode: "Never",
        },
      });
      return await access({ KUBECONFIG: path });
    },
  });
  const runs = () => Deno.readTextFileSync(`${tokenPath}.runs`).length;
  assert.equal(runs(), 1, "one run is enough for all kinds");
  Deno.writeTextFileSync(tokenPath, "wrong");
  await cluster.plane.stopApiServer("SIGKILL");
  await cluster.plane.startApiServer();
  await cluster.createPod("later", "10.1.0.72");
  await until("the pod, by the token that was kept", () => cluster.podAt("10.1.0.72"), RESYNC_MS);
  assert.equal(runs(), 1);
});

Deno.test("a certificate for another name is taken where tls-server-name says so, and not else", async () => {
  for (
    const [given, expected] of [[{ "tls-server-name": "localhost" }, true], [
      { "tls-server-name": "other" },
      false,
    ]] as const
  ) {
    await using cluster = await FollowedCluster.start({ syncTimeoutMs: 3_000 }, {
      access: async (plane) =>
        await access({ KUBECONFIG: writeKubeconfig(plane, authorityOf(plane, given), userOf(plane)) }),
    });
    const { state, detail } = cluster.stateOf("Pod");
    assert.equal(state, expected ? "watching" : "unreachable", detail);
    if (!expected) assert.match(detail, /other/);
  }
});

Deno.test("a certificate is not looked at where insecure-skip-tls-verify says so, and is else", async () => {
  for (const insecure of [true, false]) {
    await using cluster = await FollowedCluster.start({ syncTimeoutMs: 3_000 }, {
      access: async (plane) =>
        await access({ KUBECONFIG: writeKubeconfig(plane, { "insecure-skip-tls-verify": insecure }, userOf(plane)) }),
    });
    const { state, detail } = cluster.stateOf("Pod");
    assert.equal(state, insecure ? "watching" : "unreachable", detail);
    if (!insecure) assert.match(detail, /certificate|UnknownIssuer/);
  }
});

Deno.test("an API server that does not stream lists is asked for pages", async () => {
  await using cluster = await FollowedCluster.start({}, { flags: ["--feature-gates=WatchList=false"], ready: false });
  await cluster.names.close();
  const loader = await PodLoader.create(cluster.plane);
  await loader.load(0, 1_009);
  await cluster.follow();
  await until("all pods", () => cluster.names.sizes().objects.find(({ kind }) => kind === "Pod")!.count === 1_009);
  const { events, errors } = cluster.countsOf("Pod");
  assert(events.listed > 0 && events.added <= 1_009 - events.listed, JSON.stringify(events));
  assert.deepEqual(Object.values(errors).filter(Boolean), []);
  assert.equal(cluster.podAt(podAddress(1_008)), "app-50-7d9c5b6f4-000s0");
  await cluster.createPod("later", "10.1.0.73");
  await until("a pod of later", () => cluster.podAt("10.1.0.73"));
});

function authorityOf(plane: ControlPlane, rest: Json): Json {
  return { "certificate-authority": plane.authority.certPath, ...rest };
}

function userOf({ adminIdentity }: ControlPlane): Json {
  return { "client-certificate": adminIdentity.certPath, "client-key": adminIdentity.keyPath };
}

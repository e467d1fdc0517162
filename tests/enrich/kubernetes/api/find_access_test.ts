/** Which cluster is followed when nobody says which. */
import assert from "node:assert/strict";
import { type AccessOptions, findAccess } from "../../../../src/enrich/kubernetes/api/find_access.ts";

function kubeconfig(server: string): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    contexts: [{ name: "x", context: { cluster: "c" } }],
    "current-context": "x",
  });
}

/** A folder with a home, a kubeconfig and a service account, as wanted. */
async function find(
  has: { home?: boolean; account?: boolean },
  env: Record<string, string> = {},
  options: Partial<AccessOptions> = {},
) {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  try {
    Deno.mkdirSync(`${folder}/home/.kube`, { recursive: true });
    Deno.mkdirSync(`${folder}/account`);
    Deno.writeTextFileSync(`${folder}/given`, kubeconfig("https://given.example/"));
    Deno.writeTextFileSync(`${folder}/listed`, kubeconfig("https://listed.example"));
    if (has.home) Deno.writeTextFileSync(`${folder}/home/.kube/config`, kubeconfig("https://home.example"));
    if (has.account) {
      Deno.writeTextFileSync(`${folder}/account/token`, "secret\n");
      Deno.writeTextFileSync(`${folder}/account/ca.crt`, "CA");
    }
    const values: Record<string, string> = { HOME: `${folder}/home`, ...env };
    const access = await findAccess({
      allowExec: false,
      nowMs: Date.now,
      env: (name) => values[name]?.replaceAll("FOLDER", folder),
      accountFolder: `${folder}/account`,
      ...options,
      ...(options.kubeconfigPath ? { kubeconfigPath: options.kubeconfigPath.replace("FOLDER", folder) } : {}),
    });
    return { server: access.server, credentials: await access.credentials() };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
const ALL = { home: true, account: true };

Deno.test("findAccess() takes what is named, KUBECONFIG, the home folder's, and the pod's, in this order", async () => {
  const listed = { KUBECONFIG: "FOLDER/listed", ...POD };
  assert.equal((await find(ALL, listed, { kubeconfigPath: "FOLDER/given" })).server, "https://given.example");
  assert.equal((await find(ALL, listed)).server, "https://listed.example");
  assert.equal(
    (await find(ALL, { ...listed, KUBECONFIG: "FOLDER/none:FOLDER/listed" })).server,
    "https://listed.example",
  );
  assert.equal((await find(ALL, { ...POD, KUBECONFIG: "" })).server, "https://home.example");
  const { server, credentials } = await find({ account: true }, POD);
  assert.equal(server, "https://10.96.0.1:443");
  assert.equal(credentials.headers.authorization, "Bearer secret");
  assert.deepEqual([credentials.tls.ca, credentials.tls.insecure], ["CA", false]);
});

Deno.test("findAccess() writes an address of IPv6 in brackets", async () => {
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
  assert.equal((await find({ account: true }, env)).server, "https://[fd00::1]:6443");
});

Deno.test("findAccess() says that there is no cluster", async () => {
  const message =
    /Cannot find a Kubernetes cluster: there is no kubeconfig and no service account here; set KUBECONFIG/;
  await assert.rejects(find({}), { name: "EnvironmentError", message });
  await assert.rejects(find({}, POD), { name: "EnvironmentError", message });
  await assert.rejects(find({ account: true }), { name: "EnvironmentError", message });
  await assert.rejects(find(ALL, { KUBECONFIG: "FOLDER/none" }), {
    name: "EnvironmentError",
    message: /Cannot read kubeconfig/,
  });
});

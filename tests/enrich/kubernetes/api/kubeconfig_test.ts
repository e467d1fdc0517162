/** Kubeconfig files, read as kubectl and the Kubernetes clients read them. */
import assert from "node:assert/strict";
import { KubeConfig } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { readKubeconfig } from "../../../../src/enrich/kubernetes/api/kubeconfig.ts";
import { KubeconfigAccess } from "../../../../src/enrich/kubernetes/api/kubeconfig_access.ts";

type Files = Record<string, unknown>;

const CLUSTER = { server: "https://a.example:6443" };

/** One context "x" of cluster "c" and user "u". */
function config(cluster: unknown = CLUSTER, user: unknown = { token: "secret" }): Files {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
}

function reader(files: Files): (path: string) => string {
  return (path) => {
    const content = files[path];
    if (content === undefined) throw new Deno.errors.NotFound(`No such file: ${path}`);
    return typeof content === "string" ? content : stringify(content);
  };
}

function read(files: Files, paths = Object.keys(files), mayMiss = false) {
  return readKubeconfig(paths, reader(files), mayMiss);
}

function access(files: Files, paths = ["/k"]) {
  const read = reader(files);
  return new KubeconfigAccess(readKubeconfig(paths, read, false), { read, allowExec: false, nowMs: Date.now });
}

Deno.test("readKubeconfig() agrees with the Kubernetes client library on every way to say who one is", async () => {
  const pem = (text: string) => ({ text, data: new TextEncoder().encode(text).toBase64() });
  const [ca, cert, key] = [pem("CA\n"), pem("CERT\n"), pem("KEY\n")];
  const rows: Array<[string, unknown, unknown]> = [
    ["token", CLUSTER, { token: "secret" }],
    ["basic", CLUSTER, { username: "ada", password: "love:lace" }],
    ["certificate", { ...CLUSTER, "certificate-authority-data": ca.data }, {
      "client-certificate-data": cert.data,
      "client-key-data": key.data,
    }],
    ["insecure", { ...CLUSTER, "insecure-skip-tls-verify": true }, {}],
    ["server name", { ...CLUSTER, "tls-server-name": "other.example" }, {}],
  ];
  for (const [name, cluster, user] of rows) {
    const library = new KubeConfig();
    library.loadFromString(stringify(config(cluster, user)));
    const ours = access({ "/k": config(cluster, user) });
    const { headers, tls } = await ours.credentials();
    const theirs: Record<string, unknown> = { headers: {} };
    await library.applyToHTTPSOptions(theirs);
    const basic = theirs.auth ? `Basic ${new TextEncoder().encode(String(theirs.auth)).toBase64()}` : undefined;
    const authorization = (theirs.headers as Record<string, string>).Authorization ?? basic;
    assert.equal(headers.authorization, authorization, name);
    assert.equal(tls.ca, textOf(theirs.ca), name);
    assert.equal(tls.cert, textOf(theirs.cert), name);
    assert.equal(tls.key, textOf(theirs.key), name);
    assert.equal(tls.insecure, theirs.rejectUnauthorized === false, name);
    assert.equal(tls.serverName, theirs.servername ?? undefined, name);
    assert.equal(ours.server, library.getCurrentCluster()!.server, name);
  }
});

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : new TextDecoder().decode(value as Uint8Array);
}

Deno.test("readKubeconfig() merges files as kubectl does: what comes first wins, piece by piece", () => {
  const files: Files = {
    "/one/config": { "current-context": "y", users: [{ name: "u", user: { token: "first" } }] },
    "/two/config": config({ server: "https://two.example" }, { token: "second" }),
    "/three/config": {
      clusters: [{ name: "c", cluster: { server: "https://three.example" } }],
      contexts: [{ name: "y", context: { cluster: "c", user: "u" } }],
    },
  };
  const { name, cluster, user, path } = read(files);
  assert.deepEqual([name, cluster.server, user.token, path], ["y", "https://two.example", "first", "/three/config"]);
});

Deno.test("readKubeconfig() passes over files of a list that are not there, and no others", () => {
  const files = { "/b": config() };
  assert.equal(read(files, ["/a", "/b"], true).name, "x");
  assert.throws(() => read(files, ["/a", "/b"]), { name: "EnvironmentError", message: /Cannot read kubeconfig \/a: / });
  assert.throws(() => read({}, ["/a", "/b"], true), {
    name: "EnvironmentError",
    message: /\/a, \/b: there is no such file/,
  });
});

Deno.test("readKubeconfig() takes paths as relative to the file that names them", () => {
  const files: Files = {
    "/etc/kube/config": config({ ...CLUSTER, "certificate-authority": "pki/ca.crt" }, {
      "client-certificate": "../me.crt",
      "client-key": "/root/me.key",
      tokenFile: "token",
    }),
  };
  const { cluster, user } = read(files);
  assert.equal(cluster["certificate-authority"], "/etc/kube/pki/ca.crt");
  assert.equal(user["client-certificate"], "/etc/kube/../me.crt");
  assert.equal(user["client-key"], "/root/me.key");
  assert.equal(user.tokenFile, "/etc/kube/token");
  const exec = (command: string) =>
    read({ "/etc/kube/config": config(CLUSTER, { exec: { command } }) }).user.exec!.command;
  assert.deepEqual(["aws", "./login", "/bin/login"].map(exec), ["aws", "/etc/kube/./login", "/bin/login"]);
});

Deno.test("readKubeconfig() says what is wrong with a file, and where", () => {
  const rows: Array<[unknown, RegExp]> = [
    ["a: [", /Cannot read kubeconfig \/k: Flow sequence/],
    ["- a", /it is no group of keys/],
    ["", /it is no group of keys/],
    [{ ...config(), "current-context": "" }, /it has no current-context; set one/],
    [{ ...config(), "current-context": "z" }, /there is no context "z", the current one/],
    [{ ...config(), clusters: [] }, /context "x" has no cluster with a server/],
    [config({}), /has no cluster with a server/],
    [{ ...config(), users: null }, /there is no user "u", whom "x" names/],
    [config({ ...CLUSTER, "proxy-url": "http://proxy" }), /weir has no proxy-url; set HTTPS_PROXY/],
    [config({ server: "unix:///x" }), /weir has no server "unix:\/\/\/x"; an http/],
    [
      config(CLUSTER, { "auth-provider": { name: "oidc" } }),
      /weir has no auth-provider "oidc"; use a credential plugin/,
    ],
    [config(CLUSTER, { as: "a", "as-groups": ["b", "c"] }), /weir has no as-groups of more than one/],
  ];
  for (const [content, message] of rows) assert.throws(() => read({ "/k": content }), { name: "UsageError", message });
});

Deno.test("KubeconfigAccess reads token and certificates anew for each request", async () => {
  const files: Files = {
    "/k": config({ ...CLUSTER, "certificate-authority": "/ca" }, { tokenFile: "/token", token: "old" }),
    "/ca": "CA",
    "/token": "first\n",
  };
  const ours = access(files);
  assert.equal((await ours.credentials()).headers.authorization, "Bearer first");
  files["/token"] = "second";
  files["/ca"] = "CA of later";
  const { headers, tls } = await ours.credentials();
  assert.deepEqual([headers.authorization, tls.ca], ["Bearer second", "CA of later"]);
  delete files["/token"];
  await assert.rejects(ours.credentials(), {
    name: "EnvironmentError",
    message: /Cannot read \/token, which context "x" of \/k names/,
  });
});

Deno.test("KubeconfigAccess acts for another where the file says so", async () => {
  const { headers } = await access({ "/k": config(CLUSTER, { as: "ada", "as-uid": "7", "as-groups": ["devs"] }) })
    .credentials();
  assert.deepEqual(headers, { "impersonate-user": "ada", "impersonate-uid": "7", "impersonate-group": "devs" });
});

Deno.test("KubeconfigAccess refuses data that is no base64, and a plugin that nobody allowed", async () => {
  const broken = access({ "/k": config({ ...CLUSTER, "certificate-authority-data": "*" }) });
  await assert.rejects(broken.credentials(), {
    name: "EnvironmentError",
    message: /certificates or key are no base64/,
  });
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "login" };
  assert.throws(() => access({ "/k": config(CLUSTER, { exec }) }), {
    name: "UsageError",
    message: /running "login" is not allowed; allow it in the settings, and Deno with --allow-run=login/,
  });
});

/** Credential plugins: real commands, which say who one is. */
import assert from "node:assert/strict";
import { ExecPlugin } from "../../../../src/enrich/kubernetes/api/exec_plugin.ts";
import type { ChosenContext, KubeconfigExec } from "../../../../src/enrich/kubernetes/api/kubeconfig.ts";

const V1 = "client.authentication.k8s.io/v1";
const CONTEXT: ChosenContext = {
  name: "x",
  path: "/k",
  cluster: {
    server: "https://a.example",
    "tls-server-name": "b.example",
    extensions: [{ name: "client.authentication.k8s.io/exec", extension: { audience: "z" } }],
  },
  user: {},
};

function plugin(exec: Partial<KubeconfigExec>, nowMs = () => 0): ExecPlugin {
  return new ExecPlugin({ apiVersion: V1, command: "sh", ...exec }, CONTEXT, { allowExec: true, nowMs });
}

function shell(script: string, exec: Partial<KubeconfigExec> = {}, nowMs?: () => number): ExecPlugin {
  return plugin({ args: ["-c", script], ...exec }, nowMs);
}

function saying(status: unknown, apiVersion = V1): string {
  return `echo '${JSON.stringify({ apiVersion, kind: "ExecCredential", status })}'`;
}

Deno.test("ExecPlugin gives the token or the certificate that the command writes", async () => {
  assert.deepEqual(await shell(saying({ token: "secret" })).credential(), {
    token: "secret",
    cert: undefined,
    key: undefined,
    expiresMs: Infinity,
  });
  const { cert, key } = await shell(saying({ clientCertificateData: "C", clientKeyData: "K" })).credential();
  assert.deepEqual([cert, key], ["C", "K"]);
  const beta = "client.authentication.k8s.io/v1beta1";
  assert.equal((await shell(saying({ token: "t" }, beta), { apiVersion: beta }).credential()).token, "t");
});

Deno.test("ExecPlugin tells the command what it is asked for, and about the cluster where it wants that", async () => {
  const script =
    'printf \'{"apiVersion":"%s","kind":"ExecCredential","status":{"token":"%s"}}\' "$V" "$(echo "$KUBERNETES_EXEC_INFO" | base64 -w0)"';
  const told = async (provideClusterInfo: boolean) => {
    const { token } = await shell(script, { env: [{ name: "V", value: V1 }], provideClusterInfo }).credential();
    return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token!)));
  };
  assert.deepEqual(await told(false), { apiVersion: V1, kind: "ExecCredential", spec: { interactive: false } });
  assert.deepEqual((await told(true)).spec.cluster, {
    server: "https://a.example",
    "tls-server-name": "b.example",
    config: { audience: "z" },
  });
});

Deno.test("ExecPlugin runs the command once for all who ask, and again when its word is over or was refused", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  try {
    let nowMs = Date.parse("2026-01-01T00:00:00Z");
    const status = { token: "t", expirationTimestamp: "2026-01-01T01:00:00Z" };
    const counted = shell(`echo >> ${folder}/runs; ${saying(status)}`, {}, () => nowMs);
    const runs = () => Deno.readTextFileSync(`${folder}/runs`).length;
    await Promise.all(Array.from({ length: 7 }, () => counted.credential()));
    await counted.credential();
    assert.equal(runs(), 1);
    nowMs += 3_590_000;
    await Promise.all([counted.credential(), counted.credential()]);
    assert.equal(runs(), 2);
    nowMs -= 3_590_000;
    counted.refused();
    await counted.credential();
    assert.equal(runs(), 3);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("ExecPlugin says what went wrong with the command, and runs it again the next time", async () => {
  const rows: Array<[ExecPlugin, RegExp]> = [
    [shell("echo no luck >&2; exit 7"), /Cannot run the credential plugin "sh": it ended with code 7: no luck/],
    [shell("echo hello"), /what it writes is no JSON/],
    [shell("echo null"), /it writes no ExecCredential of client.authentication.k8s.io\/v1/],
    [shell(saying({ token: "t" }, "other/v1")), /it writes no ExecCredential/],
    [shell(saying({})), /it gives neither token nor certificate/],
    [shell(saying({ token: "t", expirationTimestamp: "soon" })), /"soon" is no time/],
    [plugin({ command: "weir-no-such-command", installHint: "install it" }), /there is no such command; install it$/],
  ];
  for (const [broken, message] of rows) {
    await assert.rejects(broken.credential(), { name: "EnvironmentError", message });
  }
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  try {
    const recovering = shell(
      `test -e ${folder}/ready || { touch ${folder}/ready; exit 1; }; ${saying({ token: "t" })}`,
    );
    await assert.rejects(recovering.credential());
    assert.equal((await recovering.credential()).token, "t");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("ExecPlugin refuses what it cannot run", () => {
  const rows: Array<[Partial<KubeconfigExec>, RegExp]> = [
    [{ command: "" }, /it has no command/],
    [{ apiVersion: "client.authentication.k8s.io/v1alpha1" }, /its apiVersion is ".*v1alpha1"; client.*v1 is wanted/],
    [{ interactiveMode: "Always" }, /it wants to talk to somebody/],
  ];
  for (const [exec, message] of rows) assert.throws(() => plugin(exec), { name: "UsageError", message });
});

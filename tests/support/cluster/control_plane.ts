/**
 * A Kubernetes control plane without controllers: a real kube-apiserver on a real etcd, on free ports of loopback, all
 * of it in a temporary folder. Nobody starts pods: tests write their status, as a kubelet would.
 */
import { exists } from "../host.ts";
import { controlPlaneCommands } from "../tools/kubernetes.ts";
import { ApiUser, type Json } from "./api_user.ts";
import { Child } from "./child.ts";
import { Authority, type Identity } from "./pki.ts";

const READY_MS = 60_000;
const POLL_MS = 50;
const ADDRESS = "127.0.0.1";

export class ControlPlane implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly authority: Authority;
  readonly admin: ApiUser;
  readonly adminIdentity: Identity;
  readonly #startApiServer: () => Child;
  readonly #etcd: Child;
  #apiServer: Child;

  private constructor(parts: {
    folder: string;
    port: number;
    etcdUrl: string;
    authority: Authority;
    adminIdentity: Identity;
    etcd: Child;
    startApiServer: () => Child;
  }) {
    this.folder = parts.folder;
    this.port = parts.port;
    this.etcdUrl = parts.etcdUrl;
    this.authority = parts.authority;
    this.adminIdentity = parts.adminIdentity;
    this.#etcd = parts.etcd;
    this.#startApiServer = parts.startApiServer;
    this.#apiServer = this.#startApiServer();
    this.admin = new ApiUser(this.url, parts.authority, parts.adminIdentity);
  }

  /** Starts both and waits until the API server is ready. flags: further ones of kube-apiserver. */
  static async start(flags: readonly string[] = []): Promise<ControlPlane> {
    const commands = await controlPlaneCommands();
    const folder = Deno.makeTempDirSync({ prefix: "weirtest-cluster-" });
    const authority = await Authority.create(folder);
    const server = await authority.sign("apiserver", "/CN=kube-apiserver", `DNS:localhost,IP:${ADDRESS}`);
    const adminIdentity = await authority.sign("admin", "/O=system:masters/CN=admin");
    const keys = await authority.serviceAccountKeys();
    const [port, etcdPort, peerPort] = freePorts(3) as [number, number, number];
    const etcdUrl = `http://${ADDRESS}:${etcdPort}`;
    const etcd = new Child(commands.etcd, etcdFlags(folder, etcdUrl, peerPort), `${folder}/etcd.log`);
    const startApiServer = () =>
      new Child(commands.apiServer, [
        `--etcd-servers=${etcdUrl}`,
        `--bind-address=${ADDRESS}`,
        `--secure-port=${port}`,
        `--tls-cert-file=${server.certPath}`,
        `--tls-private-key-file=${server.keyPath}`,
        `--client-ca-file=${authority.certPath}`,
        `--service-account-key-file=${keys.publicPath}`,
        `--service-account-signing-key-file=${keys.privatePath}`,
        ...API_SERVER_FLAGS,
        ...flags,
      ], `${folder}/kube-apiserver.log`);
    const plane = new ControlPlane({ folder, port, etcdUrl, authority, adminIdentity, etcd, startApiServer });
    try {
      await plane.untilReady();
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
    return plane;
  }

  get url(): string {
    return `https://${ADDRESS}:${this.port}`;
  }

  get apiServerPid(): number {
    return this.#apiServer.pid;
  }

  /** A user by certificate. subject: as "/O=group/CN=user". */
  async user(name: string, subject: string): Promise<{ user: ApiUser; identity: Identity }> {
    const identity = await this.authority.sign(name, subject);
    return { user: new ApiUser(this.url, this.authority, identity), identity };
  }

  async stopApiServer(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.#apiServer.stop(signal);
  }

  async startApiServer(): Promise<void> {
    this.#apiServer = this.#startApiServer();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!await this.admin.isReady()) {
      const failed = [this.#etcd, this.#apiServer].find(({ hasEnded }) => hasEnded);
      if (failed || performance.now() > deadline) {
        throw new Error(`The API server does not get ready:\n${(failed ?? this.#apiServer).logTail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Deletes a key of etcd behind the API server's back. */
  async deleteKey(key: string): Promise<void> {
    const { deleted } = await this.etcd("kv/deleterange", { key: base64(key) });
    if (deleted !== "1") throw new Error(`etcd has no key ${key}`);
  }

  /** Makes etcd forget all versions but the newest. */
  async compact(): Promise<void> {
    const { header } = await this.etcd("kv/range", { key: base64("/") });
    await this.etcd("kv/compaction", { revision: header.revision, physical: true });
  }

  /** Asks etcd by its JSON gateway. */
  async etcd(path: string, body: Json): Promise<Json> {
    const response = await fetch(`${this.etcdUrl}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`etcd ${path}: ${answer}`);
    return JSON.parse(answer);
  }

  /** A kubeconfig for a user by certificate. Returns its path. */
  writeKubeconfig(identity: Identity): string {
    const path = `${identity.certPath}.kubeconfig`;
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server: this.url, "certificate-authority": this.authority.certPath } }],
      users: [{
        name: "test",
        user: { "client-certificate": identity.certPath, "client-key": identity.keyPath },
      }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    };
    Deno.writeTextFileSync(path, JSON.stringify(config));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.close();
    await this.#apiServer.stop("SIGKILL");
    await this.#etcd.stop("SIGKILL");
    if (exists(this.folder)) Deno.removeSync(this.folder, { recursive: true });
  }
}

const API_SERVER_FLAGS = [
  "--service-account-issuer=https://kubernetes.default.svc",
  "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
  "--authorization-mode=RBAC",
  "--disable-admission-plugins=ServiceAccount",
  "--endpoint-reconciler-type=none",
  "--advertise-address=10.96.255.1",
  "--profiling=false",
  "--v=1",
];

function etcdFlags(folder: string, url: string, peerPort: number): string[] {
  const peerUrl = `http://${ADDRESS}:${peerPort}`;
  return [
    "--name=test",
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    "--log-level=warn",
    "--unsafe-no-fsync",
  ];
}

export function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: ADDRESS, port: 0 }));
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}

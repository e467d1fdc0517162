/**
 * The control plane of a cluster with nodes: etcd, API server, controllers and scheduler in a namespace of their own,
 * which nodes reach and nobody else does.
 */
import type { Namespace } from "../../network_lab.ts";
import { run } from "../../host.ts";
import { controlPlaneCommands, nodeCommands } from "../../tools/kubernetes.ts";
import { Child } from "../child.ts";
import { Authority, type Identity } from "../pki.ts";
import { API_PORT, API_SERVICE_ADDRESS, CONTROL_PLANE_ADDRESS, POD_NETWORK, SERVICE_NETWORK } from "./addresses.ts";

const ETCD_URL = "http://127.0.0.1:2379";
const ETCD_PEER_URL = "http://127.0.0.1:2380";
const LOCAL_URL = `https://127.0.0.1:${API_PORT}`;
export const API_URL = `https://${CONTROL_PLANE_ADDRESS}:${API_PORT}`;
const READY_MS = 90_000;
const POLL_MS = 100;

export class NodeControlPlane implements AsyncDisposable {
  readonly namespace: Namespace;
  readonly folder: string;
  readonly authority: Authority;
  readonly #serviceKeys: { privatePath: string; publicPath: string };
  readonly #children: Child[] = [];
  #apiServer: Child | undefined;
  /** The administrator's. */
  readonly kubeconfig: string;

  private constructor(
    namespace: Namespace,
    folder: string,
    authority: Authority,
    serviceKeys: { privatePath: string; publicPath: string },
    admin: Identity,
  ) {
    this.namespace = namespace;
    this.folder = folder;
    this.authority = authority;
    this.#serviceKeys = serviceKeys;
    this.kubeconfig = this.writeKubeconfig("admin", admin, LOCAL_URL);
  }

  /** Starts all of it, and waits until it is ready. folder: for certificates, logs and etcd's data. */
  static async start(namespace: Namespace, folder: string): Promise<NodeControlPlane> {
    const authority = await Authority.create(folder);
    const keys = await authority.serviceAccountKeys();
    const admin = await authority.sign("admin", "/O=system:masters/CN=admin");
    const plane = new NodeControlPlane(namespace, folder, authority, keys, admin);
    try {
      await plane.#startEtcd();
      await plane.startApiServer();
      await plane.#startControllers();
      return plane;
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A kubeconfig for a user by certificate. Returns its path. */
  writeKubeconfig(name: string, { certPath, keyPath }: Identity, server = API_URL): string {
    const path = `${this.folder}/${name}.kubeconfig`;
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority": this.authority.certPath } }],
      users: [{ name, user: { "client-certificate": certPath, "client-key": keyPath } }],
      contexts: [{ name, context: { cluster: "test", user: name } }],
      "current-context": name,
    };
    Deno.writeTextFileSync(path, JSON.stringify(config));
    return path;
  }

  async startApiServer(): Promise<void> {
    const { apiServer } = await controlPlaneCommands();
    const { authority } = this;
    const names = `DNS:localhost,IP:127.0.0.1,IP:${CONTROL_PLANE_ADDRESS},IP:${API_SERVICE_ADDRESS}`;
    const server = await authority.sign("apiserver", "/CN=kube-apiserver", names);
    const toKubelets = await authority.sign("to-kubelets", "/O=system:masters/CN=kube-apiserver");
    this.#apiServer = this.#child(apiServer, "kube-apiserver", [
      `--etcd-servers=${ETCD_URL}`,
      "--bind-address=0.0.0.0",
      `--secure-port=${API_PORT}`,
      `--advertise-address=${CONTROL_PLANE_ADDRESS}`,
      `--tls-cert-file=${server.certPath}`,
      `--tls-private-key-file=${server.keyPath}`,
      `--client-ca-file=${authority.certPath}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${this.#serviceKeys.publicPath}`,
      `--service-account-signing-key-file=${this.#serviceKeys.privatePath}`,
      `--service-cluster-ip-range=${SERVICE_NETWORK}`,
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--allow-privileged=true",
      `--kubelet-client-certificate=${toKubelets.certPath}`,
      `--kubelet-client-key=${toKubelets.keyPath}`,
      `--kubelet-certificate-authority=${authority.certPath}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--profiling=false",
      "--v=1",
    ]);
    await this.until("the API server", async () => (await this.kubectl("get", "--raw", "/readyz")) === "ok");
  }

  async stopApiServer(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.#apiServer?.stop(signal);
  }

  /** Runs kubectl as the administrator; "" when it fails. */
  async kubectl(...args: string[]): Promise<string> {
    const { kubectl } = await nodeCommands();
    const { ok, text } = await run("nsenter", this.within(kubectl, args));
    return ok ? text : "";
  }

  /** Arguments of nsenter for a command here, as the administrator. */
  within(command: string, args: readonly string[]): string[] {
    const variables = [`KUBECONFIG=${this.kubeconfig}`, `HOME=${this.folder}`];
    return [`--net=${this.namespace.path}`, "env", ...variables, command, ...args];
  }

  async until(what: string, look: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!await look()) {
      const ended = this.#children.find(({ hasEnded }) => hasEnded);
      if (ended || performance.now() > deadline) {
        throw new Error(`Waited in vain for ${what}:\n${(ended ?? this.#apiServer)?.logTail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #startEtcd(): Promise<void> {
    const { etcd } = await controlPlaneCommands();
    this.#children.push(this.#child(etcd, "etcd", [
      "--name=test",
      `--data-dir=${this.folder}/etcd`,
      `--listen-client-urls=${ETCD_URL}`,
      `--advertise-client-urls=${ETCD_URL}`,
      `--listen-peer-urls=${ETCD_PEER_URL}`,
      `--initial-advertise-peer-urls=${ETCD_PEER_URL}`,
      `--initial-cluster=test=${ETCD_PEER_URL}`,
      "--log-level=warn",
      "--unsafe-no-fsync",
    ]));
  }

  async #startControllers(): Promise<void> {
    const commands = await nodeCommands();
    const { authority } = this;
    const manager = await authority.sign("controllers", "/CN=system:kube-controller-manager");
    const managerConfig = this.writeKubeconfig("controllers", manager, LOCAL_URL);
    const scheduler = await authority.sign("scheduler", "/CN=system:kube-scheduler");
    const schedulerConfig = this.writeKubeconfig("scheduler", scheduler, LOCAL_URL);
    const alone = ["--leader-elect=false", "--bind-address=127.0.0.1", "--v=1"];
    this.#children.push(
      this.#child(commands["kube-controller-manager"], "kube-controller-manager", [
        `--kubeconfig=${managerConfig}`,
        `--root-ca-file=${authority.certPath}`,
        `--service-account-private-key-file=${this.#serviceKeys.privatePath}`,
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        `--cluster-cidr=${POD_NETWORK}`,
        "--node-cidr-mask-size=24",
        `--service-cluster-ip-range=${SERVICE_NETWORK}`,
        ...alone,
      ]),
      this.#child(commands["kube-scheduler"], "kube-scheduler", [`--kubeconfig=${schedulerConfig}`, ...alone]),
    );
    await this.until(
      "the controllers",
      async () => (await this.kubectl("get", "serviceaccount", "default", "-n", "default", "-o", "name")) !== "",
    );
  }

  #child(command: string, name: string, args: string[]): Child {
    return new Child("nsenter", [`--net=${this.namespace.path}`, command, ...args], `${this.folder}/${name}.log`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.splice(0).reverse()) await child.stop("SIGKILL");
    await this.#apiServer?.stop("SIGKILL");
  }
}

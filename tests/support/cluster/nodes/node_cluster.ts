/**
 * A real Kubernetes cluster with nodes on this machine: control plane, containerd, runc, CNI's bridge and kube-proxy,
 * in network namespaces made for it, gone with the test.
 */
import { exists, mustRun, type Outcome, say } from "../../host.ts";
import { type Namespace, NetworkLab } from "../../network_lab.ts";
import { helmCommand } from "../../tools/helm.ts";
import { nodeCommands } from "../../tools/kubernetes.ts";
import type { Json } from "../api_user.ts";
import { CONTROL_PLANE_ADDRESS, NODE_PREFIX_LENGTH, nodeAddress, OUTSIDE_ADDRESS } from "./addresses.ts";
import { ClusterNode, sweepCgroups } from "./cluster_node.ts";
import { NodeControlPlane } from "./node_control_plane.ts";
import { archiveImages } from "./node_images.ts";

const BRIDGE = "nodes";

export interface NodeClusterOptions {
  /** Names of nodes. */
  nodes?: readonly string[];
  /** Images of the tests' store that nodes have from the start, beside busybox. */
  images?: readonly string[];
}

export class NodeCluster implements AsyncDisposable {
  readonly #lab: NetworkLab;
  readonly #undo: AsyncDisposableStack;
  readonly folder: string;
  readonly plane: NodeControlPlane;
  /** A host beside the nodes, where nobody speaks but tests. */
  readonly outside: Namespace;
  readonly nodes: ClusterNode[] = [];
  #archives: string[] = [];

  private constructor(lab: NetworkLab, undo: AsyncDisposableStack, folder: string, plane: NodeControlPlane) {
    this.#lab = lab;
    this.#undo = undo;
    this.folder = folder;
    this.plane = plane;
    this.outside = lab.namespace("outside");
    join(plane.namespace, this.outside, "outside", OUTSIDE_ADDRESS);
  }

  /** Boots it, and returns when all nodes are ready. */
  static async start({ nodes = ["n1", "n2"], images = [] }: NodeClusterOptions = {}): Promise<NodeCluster> {
    const started = performance.now();
    await sweepCgroups();
    const undo = new AsyncDisposableStack();
    try {
      const folder = Deno.makeTempDirSync({ prefix: "weirtest-nodes-" });
      Deno.chmodSync(folder, 0o755);
      undo.defer(() => Deno.removeSync(folder, { recursive: true }));
      const lab = new NetworkLab();
      undo.defer(() => lab[Symbol.dispose]());
      const namespace = openNamespace(lab);
      const plane = undo.use(await NodeControlPlane.start(namespace, folder));
      const cluster = new NodeCluster(lab, undo, folder, plane);
      cluster.#archives = await archiveImages(images, folder);
      await cluster.kubectl(
        ..."create clusterrolebinding kube-proxy --clusterrole=system:node-proxier".split(" "),
        "--user=system:kube-proxy",
      );
      for (const name of nodes) await cluster.#addNode(name);
      await cluster.#startNodes();
      say(`a cluster of ${nodes.length} nodes is ready after ${Math.round((performance.now() - started) / 1000)} s`);
      return cluster;
    } catch (error) {
      await undo.disposeAsync();
      throw error;
    }
  }

  async #addNode(name: string): Promise<void> {
    const namespace = this.#lab.namespace(name);
    const address = nodeAddress(this.nodes.length);
    joinNode(this.plane.namespace, namespace, name, address);
    const folder = `${this.folder}/${name}`;
    Deno.mkdirSync(folder);
    const cgroup = `weirtest-${Deno.pid}-${name}`;
    const node = new ClusterNode({ name, address, folder, cgroup }, namespace, this.plane);
    this.nodes.push(node);
    this.#undo.defer(() => node.remove());
    await node.prepare();
  }

  /** All at once. */
  async #startNodes(): Promise<void> {
    const starting = this.nodes.map((node) => this.startNode(node));
    await Promise.allSettled(starting);
    await Promise.all(starting);
  }

  /** Boots a node, and tells everybody the way to its pods. */
  async startNode(node: ClusterNode): Promise<void> {
    const subnet = await node.start(this.#archives);
    const others = this.nodes.filter((other) => other !== node).map(({ namespace }) => namespace);
    for (const other of [this.plane.namespace, ...others]) {
      other.ip(`route replace ${subnet} via ${node.place.address}`);
    }
  }

  /** Runs kubectl as the administrator. Throws with what it complained of. */
  async kubectl(...args: string[]): Promise<string> {
    const { kubectl } = await nodeCommands();
    return await mustRun("nsenter", this.plane.within(kubectl, args));
  }

  /** Runs a command where no pod and no node is, but all nodes can be reached. */
  async fromOutside(command: string, ...args: string[]): Promise<string> {
    return await mustRun("nsenter", [`--net=${this.outside.path}`, command, ...args]);
  }

  /** What there is, as objects. */
  async list(...args: string[]): Promise<Json[]> {
    return JSON.parse(await this.kubectl("get", ...args, "-o", "json")).items;
  }

  /** Puts objects there, or changes them. */
  async apply(...objects: Json[]): Promise<void> {
    const path = `${this.folder}/apply.json`;
    Deno.writeTextFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    await this.kubectl("apply", "--server-side", "-f", path);
  }

  /** Runs Helm as the administrator, and lets it fail. Both outputs are whole. */
  async tryHelm(...args: string[]): Promise<Outcome> {
    const command = new Deno.Command("nsenter", { args: this.plane.within(await helmCommand(), args), stdin: "null" });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    return { ok: success, text: text.decode(stdout), errors: text.decode(stderr) };
  }

  async helm(...args: string[]): Promise<string> {
    const { ok, text, errors } = await this.tryHelm(...args);
    if (!ok) throw new Error(`helm ${args.join(" ")} failed: ${text}\n${errors}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
    if (exists(this.folder)) throw new Error(`The cluster left ${this.folder}`);
  }
}

/** The control plane's, with the network of the nodes. */
function openNamespace(lab: NetworkLab): Namespace {
  const namespace = lab.namespace("plane");
  namespace.ip(`link add name ${BRIDGE} type bridge`);
  namespace.ip(`address add ${CONTROL_PLANE_ADDRESS}/${NODE_PREFIX_LENGTH} dev ${BRIDGE}`);
  namespace.ip(`link set dev ${BRIDGE} up`);
  namespace.set("ipv4/ip_forward", 1);
  return namespace;
}

/** Puts a namespace into the network of the nodes. */
function join(plane: Namespace, host: Namespace, name: string, address: string): void {
  plane.ip(`link add name ${name} type veth peer name eth0 netns ${host.name}`);
  plane.ip(`link set dev ${name} master ${BRIDGE} up`);
  host.ip(`address add ${address}/${NODE_PREFIX_LENGTH} dev eth0`);
  host.ip("link set dev eth0 up");
}

function joinNode(plane: Namespace, node: Namespace, name: string, address: string): void {
  join(plane, node, name, address);
  node.ip(`route replace default via ${CONTROL_PLANE_ADDRESS}`);
  node.set("ipv4/ip_forward", 1);
  node.set("bridge/bridge-nf-call-iptables", 1);
  node.set("ipv4/conf/all/rp_filter", 0);
  node.set("ipv4/conf/default/rp_filter", 0);
}

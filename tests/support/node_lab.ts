/**
 * A node with pods: what the counting rule is about. Pods are namespaces without addresses that send frames made for
 * them, so nothing passes but what a test sends.
 */
import { AgentProcess, type Ended } from "./agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "./books_file.ts";
import { generate, type Sent, type TrafficOptions } from "./generator.ts";
import { type Namespace, NetworkLab } from "./network_lab.ts";

const POD_DEVICE = "eth0";

/** A pod's place: its namespace and its end of the wire; `device` is the node's end. */
export interface Pod {
  namespace: Namespace;
  address: string;
  device: string;
  mac: string;
}

export class NodeLab implements Disposable {
  readonly #lab = new NetworkLab();
  readonly node: Namespace;

  constructor() {
    this.node = this.#lab.namespace("node");
    this.node.set("ipv4/ip_forward", 1);
    this.node.set("ipv4/conf/all/rp_filter", 0);
    this.node.set("ipv4/conf/default/rp_filter", 0);
    this.node.set("ipv4/conf/all/send_redirects", 0);
    this.node.set("ipv4/conf/default/send_redirects", 0);
  }

  /** A pod behind a device of the node. nodeAddress: of that device, as 10.0.0.1/24; left out for a bridge's port. */
  pod(device: string, address: string, nodeAddress?: string): Pod {
    const namespace = this.#lab.namespace(device);
    this.#lab.veth(this.node, device, namespace, POD_DEVICE, nodeAddress);
    const { mac } = namespace.link(POD_DEVICE);
    if (nodeAddress) this.neighbour(address, mac, device);
    return { namespace, address, device, mac };
  }

  /** A bridge of the node with these pods as its ports. address: the bridge's own. */
  bridge(name: string, pods: readonly Pod[], address?: string): void {
    this.node.ip(`link add name ${name} type bridge mcast_snooping 0`);
    if (address) this.node.ip(`address add ${address} dev ${name}`);
    this.node.ip(`link set dev ${name} up`);
    for (const pod of pods) {
      this.node.ip(`link set dev ${pod.device} master ${name}`);
      this.node.bridge(`fdb add ${pod.mac} dev ${pod.device} master static`);
    }
    // a port may change the bridge's own address, and with that all neighbours would be forgotten
    if (address) { for (const pod of pods) this.neighbour(pod.address, pod.mac, name); }
  }

  /** The node knows who has this address: no ARP. */
  neighbour(address: string, mac: string, device: string): void {
    this.node.ip(`neighbour replace ${address} lladdr ${mac} dev ${device} nud permanent`);
  }

  /** Sends from a pod through the node. via: the node's device, or the pod, that the frames are addressed to. */
  async send(pod: Pod, via: string | Pod, traffic: Partial<TrafficOptions>): Promise<Sent> {
    return await generate({
      interface: POD_DEVICE,
      namespace: pod.namespace.name,
      sourceMac: pod.mac,
      destinationMac: typeof via === "string" ? this.node.link(via).mac : via.mac,
      source: pod.address,
      packets: 1,
      rate: 20_000,
      ...traffic,
    });
  }

  [Symbol.dispose](): void {
    this.#lab[Symbol.dispose]();
  }
}

/** Lets several agents, each with arguments of its own, watch the same traffic. Books are closed, nothing is lost. */
export async function observe(node: Namespace, each: string[][], traffic: () => Promise<void>): Promise<Ended[]> {
  await using stack = new AsyncDisposableStack();
  const starting = each.map((args) => AgentProcess.start({ namespace: node, args: ["--output", "json", ...args] }));
  for (const started of await Promise.allSettled(starting)) {
    if (started.status === "fulfilled") stack.use(started.value);
  }
  const agents = await Promise.all(starting);
  await traffic();
  const ended = await Promise.all(agents.map((agent) => agent.stop()));
  for (const { code, books, log } of ended) {
    if (code !== 0) throw new Error(`An agent ended with ${code}:\n${log}`);
    assertFinalBooks(books);
    assertNothingLost(books);
  }
  return ended;
}

/** --interface for each. */
export function interfaces(...names: string[]): string[] {
  return names.flatMap((name) => ["--interface", name]);
}

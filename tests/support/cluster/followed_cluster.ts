/** A real control plane that is followed, and short ways to ask who had an address when. */
import type { Access } from "../../../src/enrich/kubernetes/api/access.ts";
import { type Attributes, AttributeSets } from "../../../src/attribute_sets.ts";
import { DEFAULT_OPTIONS, KubernetesNames, type KubernetesOptions } from "../../../src/enrich/kubernetes/mod.ts";
import type { KindName } from "../../../src/enrich/kubernetes/kinds.ts";
import { buildRecord } from "../build_record.ts";
import { until } from "../network_lab.ts";
import { ApiCluster } from "./api_cluster.ts";
import { ControlPlane } from "./control_plane.ts";
import { type Manifest, pod } from "./manifest.ts";
import type { Identity } from "./pki.ts";

const NS_PER_MS = 1_000_000n;
const HOST_IP = "192.168.10.1";

export interface FollowOptions {
  /** Who follows; default: the administrator. */
  identity?: (plane: ControlPlane) => Promise<Identity>;
  /** How, instead of by a kubeconfig of that identity. */
  access?: (plane: ControlPlane) => Promise<Access>;
  /** Further ones of the API server. */
  flags?: string[];
  /** Wait until all lists are in. */
  ready?: boolean;
}

export class FollowedCluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly objects: ApiCluster;
  names!: KubernetesNames;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.objects = new ApiCluster(plane.admin);
  }

  static async start(
    options: Partial<KubernetesOptions> = {},
    { identity, access, flags, ready = true }: FollowOptions = {},
  ): Promise<FollowedCluster> {
    const plane = await ControlPlane.start(flags);
    const cluster = new FollowedCluster(plane);
    try {
      await cluster.follow(options, await identity?.(plane), await access?.(plane));
      if (ready) await until("the first lists", () => cluster.names.readiness().isReady);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async follow(
    options: Partial<KubernetesOptions> = {},
    identity = this.plane.adminIdentity,
    access?: Access,
  ): Promise<void> {
    const kubeconfigPath = this.plane.writeKubeconfig(identity);
    this.names = await KubernetesNames.open({
      options: { ...DEFAULT_OPTIONS, kubeconfigPath, ...options },
      sets: new AttributeSets(),
      ...(access ? { access } : {}),
    });
    this.names.start();
  }

  /** A pod of the namespace default on a node that there is not. */
  pod(name: string, ip: string): Manifest {
    return pod({ namespace: "default", name, node: "node-a", hostIp: HOST_IP, ips: [ip] });
  }

  async createPod(name: string, ip: string): Promise<void> {
    await this.objects.create(this.pod(name, ip));
  }

  async deletePod(name: string): Promise<void> {
    await this.objects.delete("Pod", "default", name);
  }

  record(source: string, startMs: number, endMs = startMs) {
    return buildRecord({
      source,
      destination: "192.0.2.1",
      protocol: 6,
      startUnixNs: BigInt(Math.round(startMs)) * NS_PER_MS,
      endUnixNs: BigInt(Math.round(endMs)) * NS_PER_MS,
    });
  }

  attributesOf(ip: string, startMs = Date.now(), endMs = startMs): Attributes | undefined {
    return this.names.namesOf(this.record(ip, startMs, endMs)).source?.attributes;
  }

  /** The pod that a flow is named after that ran then. */
  podAt(ip: string, startMs = Date.now(), endMs = startMs): string | undefined {
    return this.attributesOf(ip, startMs, endMs)?.["k8s.pod.name"] as string | undefined;
  }

  stateOf(kind: KindName) {
    return this.names.readiness().kinds.find((status) => status.kind === kind)!;
  }

  countsOf(kind: KindName) {
    return this.names.counters.of(kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.names?.close();
    await this.plane[Symbol.asyncDispose]();
  }
}

/**
 * Many pods at once, as a big cluster has them: one is made through the API server, with everything that it, a
 * controller and a kubelet write into a pod, and copies of it are put straight into etcd, where the API server finds
 * them. Through the API server itself it would be a few hundred a second.
 */
import { base64, type ControlPlane } from "./control_plane.ts";
import { until } from "../network_lab.ts";
import type { Json } from "./api_user.ts";

const PODS_PER_REQUEST = 100;
const REQUESTS_AT_ONCE = 4;
const KNOWN_MS = 120_000;
/** Pods of one ReplicaSet. */
export const REPLICAS = 20;
export const NODES = 200;
const NAMESPACES = 20;

export class PodLoader {
  readonly #plane: ControlPlane;
  #template: Json;

  private constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  static async create(plane: ControlPlane): Promise<PodLoader> {
    const loader = new PodLoader(plane);
    for (let i = 0; i < NAMESPACES; i++) {
      await plane.admin.create("/api/v1/namespaces", { metadata: { name: namespaceOf(i), labels: { load: "yes" } } });
    }
    await plane.admin.create(`/api/v1/namespaces/${namespaceOf(0)}/pods?fieldManager=kube-controller-manager`, POD);
    await plane.admin.ask(
      "PATCH",
      `/api/v1/namespaces/${namespaceOf(0)}/pods/${POD.metadata.name}/status?fieldManager=kubelet`,
      { status: STATUS },
      "application/strategic-merge-patch+json",
    );
    const pod = await plane.admin.get(`/api/v1/namespaces/${namespaceOf(0)}/pods/${POD.metadata.name}`);
    await plane.admin.delete(`/api/v1/namespaces/${namespaceOf(0)}/pods/${POD.metadata.name}`);
    delete pod.metadata.resourceVersion;
    loader.#template = pod;
    return loader;
  }

  /** Bytes of one pod as the API server sends it. */
  get podBytes(): number {
    return JSON.stringify(this.#template).length;
  }

  /** Pods number `first` to `first + count - 1`, with the ReplicaSet of each. */
  async load(first: number, count: number): Promise<void> {
    const places = Array.from({ length: count }, (_, i) => first + i);
    const sets = [...new Set(places.map((i) => Math.floor(i / REPLICAS)))];
    await this.#putAll([
      ...sets.map((set) => () => this.#replicaSet(set)),
      ...places.map((place) => () => this.#pod(place)),
    ]);
    await this.#untilKnown(first);
  }

  /**
   * What is put at once has one version, and whoever has heard of one of them calls itself up to date, which no API
   * server does to its clients. So there is a last one, put alone, that the API server is to know.
   */
  async #untilKnown(place: number): Promise<void> {
    const entry = this.#pod(place);
    const { header } = await this.#put([entry]);
    const query = new URLSearchParams({
      fieldSelector: `metadata.name=${entry[1].metadata.name}`,
      resourceVersion: header.revision,
      resourceVersionMatch: "NotOlderThan",
    });
    await until(`the API server to know pod ${place}`, async () => {
      const { items } = await this.#plane.admin.get(`/api/v1/pods?${query}`).catch(unlessBehind);
      return items.length === 1;
    }, KNOWN_MS);
  }

  /** Writes a pod again, with another label: a change that everybody who watches hears of. */
  async change(place: number, label: string): Promise<void> {
    await this.#put([this.#pod(place, label)]);
  }

  async #putAll(entries: Array<() => [string, Json]>): Promise<void> {
    let at = 0;
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, async () => {
      while (at < entries.length) {
        const part = entries.slice(at, at += PODS_PER_REQUEST);
        await this.#put(part.map((entry) => entry()));
      }
    }));
  }

  async #put(entries: Array<[string, Json]>): Promise<Json> {
    const success = entries.map(([key, object]) => ({
      requestPut: { key: base64(key), value: base64(JSON.stringify(object)) },
    }));
    return await this.#plane.etcd("kv/txn", { success });
  }

  #pod(place: number, label = "v1"): [string, Json] {
    const set = Math.floor(place / REPLICAS);
    const namespace = namespaceOf(set);
    const name = `app-${set}-7d9c5b6f4-${place.toString(36).padStart(5, "0")}`;
    const address = podAddress(place);
    const { metadata, spec, status } = this.#template;
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...metadata,
        name,
        namespace,
        uid: uid(1, place),
        labels: { ...metadata.labels, app: `app-${set}`, "app.kubernetes.io/name": `app-${set}`, version: label },
        ownerReferences: [{ ...metadata.ownerReferences[0], name: `app-${set}-7d9c5b6f4`, uid: uid(2, set) }],
      },
      spec: { ...spec, nodeName: `node-${place % NODES}` },
      status: { ...status, podIP: address, podIPs: [{ ip: address }] },
    };
    return [`/registry/pods/${namespace}/${name}`, pod];
  }

  #replicaSet(set: number): [string, Json] {
    const namespace = namespaceOf(set);
    const name = `app-${set}-7d9c5b6f4`;
    const object = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name,
        namespace,
        uid: uid(2, set),
        creationTimestamp: this.#template.metadata.creationTimestamp,
        labels: { app: `app-${set}`, "pod-template-hash": "7d9c5b6f4" },
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "Deployment", name: `app-${set}`, uid: uid(3, set), controller: true },
        ],
      },
      spec: { replicas: REPLICAS, selector: { matchLabels: { app: `app-${set}` } } },
      status: { replicas: REPLICAS },
    };
    return [`/registry/replicasets/${namespace}/${name}`, object];
  }
}

/** The API server waits for three seconds, then says that it has not heard of so new a version. */
function unlessBehind(error: Error): Json {
  if (!error.message.includes("Too large resource version")) throw error;
  return { items: [] };
}

export function podAddress(place: number): string {
  return `10.${128 + (place >> 16)}.${(place >> 8) & 255}.${place & 255}`;
}

function namespaceOf(set: number): string {
  return `load-${set % NAMESPACES}`;
}

function uid(kind: number, place: number): string {
  return `${kind}0000000-0000-4000-8000-${String(place).padStart(12, "0")}`;
}

const POD = {
  metadata: {
    name: "template",
    labels: {
      app: "app-0",
      "app.kubernetes.io/name": "app-0",
      "app.kubernetes.io/part-of": "load",
      "pod-template-hash": "7d9c5b6f4",
      version: "v1",
      tier: "backend",
    },
    annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" },
    ownerReferences: [{
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "app-0-7d9c5b6f4",
      uid: uid(2, 0),
      controller: true,
      blockOwnerDeletion: true,
    }],
  },
  spec: {
    nodeName: "node-0",
    containers: [{
      name: "app",
      image: "registry.example.org/team/app:1.35",
      args: ["serve", "--port=8080"],
      ports: [{ name: "http", containerPort: 8080 }],
      env: [
        { name: "MODE", value: "1" },
        { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      ],
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
      readinessProbe: { httpGet: { path: "/readyz", port: 8080 } },
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    }],
    volumes: [{ name: "data", emptyDir: {} }],
    tolerations: [{ operator: "Exists" }],
  },
};

const NOW = new Date().toISOString().replace(/\.\d+Z$/, "Z");
const STATUS = {
  phase: "Running",
  podIP: "10.128.0.0",
  podIPs: [{ ip: "10.128.0.0" }],
  hostIP: "10.201.0.99",
  hostIPs: [{ ip: "10.201.0.99" }],
  startTime: NOW,
  conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
    .map((type) => ({ type, status: "True", lastTransitionTime: NOW })),
  containerStatuses: [{
    name: "app",
    ready: true,
    started: true,
    restartCount: 0,
    image: "registry.example.org/team/app:1.35",
    imageID: `sha256:${"17".repeat(32)}`,
    containerID: `containerd://${"ab".repeat(32)}`,
    state: { running: { startedAt: NOW } },
  }],
};

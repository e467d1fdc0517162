/** Objects of test clusters: as a person would write them, with the status that controllers and kubelets would add. */
import type { Json } from "./api_user.ts";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Json;
  [part: string]: Json;
}

/** Names an owner in the same namespace; whoever loads the object puts its uid in. */
export interface OwnerName {
  apiVersion: string;
  kind: string;
  name: string;
  /** Of an owner that is no object here. */
  uid?: string;
}

export interface PodParts {
  namespace: string;
  name: string;
  node: string;
  ips: string[];
  hostIp: string;
  labels?: Record<string, string>;
  owner?: OwnerName;
  hostNetwork?: boolean;
  containers?: Array<{ name: string; image?: string; ports?: Json[] }>;
}

/** A pod that runs. */
export function pod(parts: PodParts): Manifest {
  const { namespace, name, node, ips, hostIp, labels = {}, owner, hostNetwork, containers = [{ name: "main" }] } =
    parts;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, ...(owner ? { ownerReferences: [{ controller: true, ...owner }] } : {}) },
    spec: {
      nodeName: node,
      ...(hostNetwork ? { hostNetwork } : {}),
      containers: containers.map(({ name, image = `registry.example.org/${name}:1.0`, ports = [] }) => ({
        name,
        image,
        ports: ports.map((port) => ({
          protocol: "TCP",
          ...port,
          ...(hostNetwork ? { hostPort: port.containerPort } : {}),
        })),
      })),
    },
    status: {
      phase: "Running",
      podIP: ips[0],
      podIPs: ips.map((ip) => ({ ip })),
      hostIP: hostIp,
      hostIPs: [{ ip: hostIp }],
      startTime: now(),
    },
  };
}

/** Seconds only, as the API has it. */
export function now(nowMs = Date.now()): string {
  return new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
}

export function object(
  apiVersion: string,
  kind: string,
  name: string,
  namespace = "",
  rest: { owner?: OwnerName; labels?: Record<string, string>; annotations?: Json; [part: string]: Json } = {},
): Manifest {
  const { owner, labels, annotations, ...parts } = rest;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(owner ? { ownerReferences: [{ controller: true, ...owner }] } : {}),
    },
    ...parts,
  };
}

/** A workload whose specification nobody looks at but the API server. */
export function workload(kind: string, name: string, namespace: string, owner?: OwnerName): Manifest {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "main:1" }] } };
  const rest = owner ? { owner } : {};
  if (kind === "CronJob") {
    const job = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
    return object("batch/v1", kind, name, namespace, {
      ...rest,
      spec: { schedule: "0 * * * *", jobTemplate: { spec: { template: job } } },
    });
  }
  if (kind === "Job") {
    return object("batch/v1", kind, name, namespace, {
      ...rest,
      spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
    });
  }
  const service = kind === "StatefulSet" ? { serviceName: name } : {};
  return object("apps/v1", kind, name, namespace, {
    ...rest,
    spec: { selector: { matchLabels: labels }, template, ...service },
  });
}

export function endpointSlice(
  namespace: string,
  name: string,
  service: string,
  addresses: string[],
  ports: Json[],
): Manifest {
  return object("discovery.k8s.io/v1", "EndpointSlice", name, namespace, {
    labels: { "kubernetes.io/service-name": service },
    addressType: addresses[0]!.includes(":") ? "IPv6" : "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports,
  });
}

/** A small cluster with one of everything that flows are named after, and what changes in it later. */
import { endpointSlice, type Manifest, now, object, pod, workload } from "./manifest.ts";

const NODE_A = { node: "node-a", hostIp: "192.168.10.1" };
const NODE_B = { node: "node-b", hostIp: "192.168.10.2" };
export const ROLLOUT_UID = "99999999-0000-4000-8000-000000000001";

function node(name: string, ip: string, podCIDRs: string[]): Manifest {
  return object("v1", "Node", name, "", {
    labels: { "topology.kubernetes.io/zone": `zone-${name.at(-1)}` },
    spec: { podCIDR: podCIDRs[0], podCIDRs },
    status: { addresses: [{ type: "Hostname", address: name }, { type: "InternalIP", address: ip }] },
  });
}

const NAMESPACES: Manifest[] = [
  object("v1", "Namespace", "shop", "", { labels: { team: "blue" } }),
  object("v1", "Namespace", "data", "", { labels: { team: "green" } }),
  object("v1", "Namespace", "ops"),
];

const NODES: Manifest[] = [
  node("node-a", "192.168.10.1", ["10.1.0.0/24", "fd00:1::/64"]),
  node("node-b", "192.168.10.2", ["10.1.1.0/24"]),
];

const WORKLOADS: Manifest[] = [
  workload("Deployment", "web", "shop"),
  workload("ReplicaSet", "web-5d4f", "shop", { apiVersion: "apps/v1", kind: "Deployment", name: "web" }),
  workload("Deployment", "api", "shop"),
  workload("ReplicaSet", "api-77c9", "shop", { apiVersion: "apps/v1", kind: "Deployment", name: "api" }),
  workload("StatefulSet", "db", "data"),
  workload("DaemonSet", "exporter", "ops"),
  workload("DaemonSet", "proxy", "ops"),
  workload("CronJob", "backup", "data"),
  workload("Job", "backup-1", "data", { apiVersion: "batch/v1", kind: "CronJob", name: "backup" }),
  workload("ReplicaSet", "canary-6b", "shop", {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    name: "canary",
    uid: ROLLOUT_UID,
  }),
];

const PODS: Manifest[] = [
  pod({
    ...NODE_A,
    namespace: "shop",
    name: "web-5d4f-aaaaa",
    ips: ["10.1.0.10", "fd00:1::10"],
    labels: { app: "web" },
    owner: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d4f" },
    containers: [
      { name: "web", image: "registry.example.org:5000/shop/web:1.2", ports: [{ name: "http", containerPort: 8080 }] },
      { name: "metrics", ports: [{ containerPort: 9090 }] },
    ],
  }),
  pod({
    ...NODE_B,
    namespace: "shop",
    name: "api-77c9-bbbbb",
    ips: ["10.1.1.20"],
    labels: { app: "api" },
    owner: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "api-77c9" },
    containers: [{ name: "api", ports: [{ name: "https", containerPort: 8443 }] }],
  }),
  pod({
    ...NODE_B,
    namespace: "data",
    name: "db-0",
    ips: ["10.1.1.30"],
    labels: { app: "db" },
    owner: { apiVersion: "apps/v1", kind: "StatefulSet", name: "db" },
    containers: [{ name: "postgres", ports: [{ name: "sql", containerPort: 5432 }] }],
  }),
  pod({
    ...NODE_B,
    namespace: "data",
    name: "backup-1-ccccc",
    ips: ["10.1.1.40"],
    labels: { app: "backup" },
    owner: { apiVersion: "batch/v1", kind: "Job", name: "backup-1" },
  }),
  pod({
    ...NODE_A,
    namespace: "shop",
    name: "canary-6b-ddddd",
    ips: ["10.1.0.50"],
    labels: { app: "canary" },
    owner: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "canary-6b" },
  }),
  ...[NODE_A, NODE_B].map((node) =>
    pod({
      ...node,
      namespace: "ops",
      name: `exporter-${node.node}`,
      ips: [node.hostIp],
      labels: { app: "exporter" },
      hostNetwork: true,
      owner: { apiVersion: "apps/v1", kind: "DaemonSet", name: "exporter" },
      containers: [{ name: "exporter", ports: [{ name: "metrics", containerPort: 9100 }] }],
    })
  ),
  pod({
    ...NODE_A,
    namespace: "ops",
    name: "proxy-node-a",
    ips: [NODE_A.hostIp],
    hostNetwork: true,
    owner: { apiVersion: "apps/v1", kind: "DaemonSet", name: "proxy" },
    containers: [{ name: "proxy", ports: [{ containerPort: 10256 }] }],
  }),
  pod({
    ...NODE_A,
    namespace: "ops",
    name: "edge",
    ips: ["10.1.0.90"],
    containers: [{ name: "edge", ports: [{ containerPort: 8000, hostPort: 8088 }] }],
  }),
  pod({ ...NODE_A, namespace: "ops", name: "debug", ips: ["10.1.0.60"] }),
  pod({ ...NODE_A, namespace: "ops", name: "first", ips: ["10.1.0.70"] }),
  pod({ ...NODE_A, namespace: "ops", name: "ending", ips: ["10.1.0.80"] }),
];

const SERVICES: Manifest[] = [
  object("v1", "Service", "web", "shop", {
    spec: {
      type: "LoadBalancer",
      ipFamilyPolicy: "PreferDualStack",
      clusterIP: "10.96.1.10",
      clusterIPs: ["10.96.1.10", "fd00:10:96::10"],
      externalIPs: ["198.51.100.7"],
      selector: { app: "web" },
      ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: 30_080, protocol: "TCP" }],
    },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
  }),
  object("v1", "Service", "api", "shop", {
    spec: {
      clusterIP: "10.96.1.20",
      selector: { app: "api" },
      ports: [{ port: 443, targetPort: 8443, protocol: "TCP" }],
    },
  }),
  object("v1", "Service", "db", "data", {
    spec: { clusterIP: "None", selector: { app: "db" }, ports: [{ port: 5432, protocol: "TCP" }] },
  }),
  object("v1", "Service", "legacy", "data", {
    spec: { clusterIP: "10.96.1.30", ports: [{ port: 1433, protocol: "TCP" }] },
  }),
  // shares the load balancer's address with web, on another port
  object("v1", "Service", "chat", "shop", {
    labels: { "app.kubernetes.io/name": "chat", "app.kubernetes.io/version": "v2.7.1" },
    spec: {
      clusterIP: "10.96.1.40",
      externalIPs: ["198.51.100.7"],
      ports: [{ port: 5222, protocol: "TCP" }],
    },
  }),
  endpointSlice("shop", "web-v4", "web", ["10.1.0.10"], [{ name: "http", port: 8080, protocol: "TCP" }]),
  endpointSlice("shop", "api-v4", "api", ["10.1.1.20"], [{ port: 8443, protocol: "TCP" }]),
  endpointSlice("data", "db-v4", "db", ["10.1.1.30"], [{ port: 5432, protocol: "TCP" }]),
  endpointSlice("data", "legacy-1", "legacy", ["172.16.5.5"], [{ port: 1433, protocol: "TCP" }]),
];

const EDGES: Manifest[] = [
  object("networking.k8s.io/v1", "Ingress", "shop", "shop", {
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.20" }] } },
  }),
];

const POLICIES: Manifest[] = [
  policy("data", "default-deny", { podSelector: {}, policyTypes: ["Ingress"] }),
  policy("data", "db-from-api", {
    podSelector: { matchLabels: { app: "db" } },
    policyTypes: ["Ingress"],
    ingress: [{
      from: [{
        namespaceSelector: { matchLabels: { team: "blue" } },
        podSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["api"] }] },
      }],
      ports: [{ protocol: "TCP", port: 5432 }],
    }],
  }),
  policy("data", "backup-out", {
    podSelector: { matchLabels: { app: "backup" } },
    policyTypes: ["Egress"],
    egress: [{
      to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/24"] } }],
      ports: [{ protocol: "TCP", port: 5430, endPort: 5440 }],
    }],
  }),
  policy("shop", "web-in", {
    podSelector: { matchLabels: { app: "web" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["172.16.0.0/12"] } }], ports: [{ port: "http" }] }],
  }),
];

function policy(namespace: string, name: string, spec: unknown): Manifest {
  return object("networking.k8s.io/v1", "NetworkPolicy", name, namespace, { spec });
}

/** Owners before who is owned. */
export function shopObjects(): Manifest[] {
  return [...NAMESPACES, ...NODES, ...WORKLOADS, ...PODS, ...SERVICES, ...EDGES, ...POLICIES];
}

export type Change =
  | { create: Manifest }
  | { status: { kind: string; namespace: string; name: string }; to: unknown }
  | { delete: { kind: string; namespace: string; name: string }; graceS?: number };

/** What happens later: an address used again, one whose pod completed, a pod that is told to end, a service gone. */
export function shopChanges(): Change[] {
  const finished = { terminated: { exitCode: 0, finishedAt: now() } };
  const container = { name: "main", ready: false, restartCount: 0, image: "main", imageID: "", state: finished };
  return [
    { delete: { kind: "Pod", namespace: "ops", name: "first" } },
    { create: pod({ ...NODE_A, namespace: "ops", name: "second", ips: ["10.1.0.70"] }) },
    {
      status: { kind: "Pod", namespace: "data", name: "backup-1-ccccc" },
      to: { phase: "Succeeded", containerStatuses: [container] },
    },
    { create: pod({ ...NODE_B, namespace: "ops", name: "third", ips: ["10.1.1.40"] }) },
    { delete: { kind: "Pod", namespace: "ops", name: "ending" }, graceS: 300 },
    { delete: { kind: "Service", namespace: "shop", name: "api" } },
    { delete: { kind: "EndpointSlice", namespace: "shop", name: "api-v4" } },
  ];
}

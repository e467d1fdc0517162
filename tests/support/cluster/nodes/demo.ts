/** Workloads that talk, one pod of each on every node: servers behind Services and in the host's network, clients. */
import type { Json } from "../api_user.ts";
import type { NodeCluster } from "./node_cluster.ts";
import { BUSYBOX_IMAGE } from "./node_images.ts";

export const DEMO_NAMESPACE = "demo";
export const WEB_PORT = 8080;
export const HOST_PORT = 8090;
export const NODE_PORT = 30_080;
/** Of a server that nobody asks but tests: no probes. */
export const BULK_PORT = 8070;
export const BULK_NODE_PORT = 30_070;
/** What every server has at /bulk: many segments. */
const BULK_BYTES = 1_000_003;

function serve(port: number): string {
  return `mkdir -p /tmp/w && echo "hello from $POD" > /tmp/w/index.html && head -c ${BULK_BYTES} /dev/zero > /tmp/w/bulk &&
exec httpd -f -p ${port} -h /tmp/w`;
}

const WAIT = "trap exit TERM; while :; do sleep 1; done";

export function demoObjects(): Json[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: DEMO_NAMESPACE } },
    daemonSet("web", serve(WEB_PORT), {
      env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      ports: [{ name: "http", containerPort: WEB_PORT }],
      readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
    }),
    daemonSet("host", serve(HOST_PORT), { ports: [{ containerPort: HOST_PORT }] }, { hostNetwork: true }),
    daemonSet("client", WAIT, {}),
    daemonSet("bulk", serve(BULK_PORT), { ports: [{ name: "http", containerPort: BULK_PORT }] }),
    ...services("web", NODE_PORT),
    ...services("bulk", BULK_NODE_PORT),
  ];
}

/** Of the pods of an application: one for pods, one for who is outside. */
function services(app: string, nodePort: number): Json[] {
  const port = { port: 80, targetPort: "http" };
  const service = (name: string, spec: Json) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: DEMO_NAMESPACE },
    spec: { selector: { app }, ...spec },
  });
  return [
    service(app, { ports: [port] }),
    service(`${app}-outside`, { type: "NodePort", ports: [{ ...port, nodePort }] }),
  ];
}

/** Installs them, and waits until all are there. */
export async function startDemo(cluster: NodeCluster): Promise<void> {
  await cluster.apply(...demoObjects());
  const sets = ["web", "client", "host", "bulk"].map((name) => `daemonset/${name}`);
  await cluster.kubectl("rollout", "status", "-n", DEMO_NAMESPACE, ...sets, "--timeout=60s");
}

/** The pod of an application that is on a node. */
export async function demoPod(cluster: NodeCluster, app: string, node: string): Promise<Json> {
  const where = `--field-selector=spec.nodeName=${node}`;
  const [pod] = await cluster.list("pods", "-n", DEMO_NAMESPACE, "-l", `app=${app}`, where);
  return pod;
}

/** Runs a script in the client of a node. */
export async function inClient(cluster: NodeCluster, node: string, script: string): Promise<string> {
  const { metadata } = await demoPod(cluster, "client", node);
  return await cluster.kubectl("exec", "-n", DEMO_NAMESPACE, metadata.name, "--", "sh", "-c", script);
}

/** What spans call one of these pods. */
export function podNames({ metadata, spec }: Json): Record<string, string> {
  return {
    "k8s.pod.name": metadata.name,
    "k8s.namespace.name": DEMO_NAMESPACE,
    "k8s.daemonset.name": metadata.labels.app,
    "k8s.node.name": spec.nodeName,
  };
}

function daemonSet(name: string, script: string, container: Json, pod: Json = {}): Json {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: DEMO_NAMESPACE },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...pod,
          terminationGracePeriodSeconds: 1,
          containers: [{
            name,
            image: BUSYBOX_IMAGE,
            imagePullPolicy: "Never",
            command: ["sh", "-c", script],
            ...container,
          }],
        },
      },
    },
  };
}

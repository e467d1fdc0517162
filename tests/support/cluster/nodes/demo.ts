/** Workloads that talk, one pod of each on every node: servers behind a Service and in the host's network, clients. */
import type { Json } from "../api_user.ts";
import { BUSYBOX_IMAGE } from "./node_images.ts";

export const DEMO_NAMESPACE = "demo";
export const WEB_PORT = 8080;
export const HOST_PORT = 8090;
export const NODE_PORT = 30_080;

function serve(port: number): string {
  return `mkdir -p /tmp/w && echo "hello from $POD" > /tmp/w/index.html && exec httpd -f -p ${port} -h /tmp/w`;
}

const WAIT = "trap exit TERM; while :; do sleep 1; done";

export function demoObjects(): Json[] {
  const metadata = (name: string) => ({ name, namespace: DEMO_NAMESPACE });
  const port = { port: 80, targetPort: "http" };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: DEMO_NAMESPACE } },
    daemonSet("web", serve(WEB_PORT), {
      env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      ports: [{ name: "http", containerPort: WEB_PORT }],
      readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
    }),
    daemonSet("host", serve(HOST_PORT), { ports: [{ containerPort: HOST_PORT }] }, { hostNetwork: true }),
    daemonSet("client", WAIT, {}),
    { apiVersion: "v1", kind: "Service", metadata: metadata("web"), spec: { selector: { app: "web" }, ports: [port] } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("web-outside"),
      spec: { type: "NodePort", selector: { app: "web" }, ports: [{ ...port, nodePort: NODE_PORT }] },
    },
  ];
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

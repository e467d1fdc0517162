/** What flows in the shop are called: of each the names of both ends and what policies say, all of it. */
import type { Attributes } from "../../../src/attribute_sets.ts";
import { defaultSide, type KubernetesOptions, type SideOptions } from "../../../src/enrich/kubernetes/options.ts";

/** What is to be known, beside what is by default: a label of services that have it. */
export const ATTRIBUTION_OPTIONS: Pick<KubernetesOptions, "source" | "destination"> = {
  source: withVersion("source"),
  destination: withVersion("destination"),
};

function withVersion(name: "source" | "destination"): SideOptions {
  const side = defaultSide(name);
  const rule = {
    from: "service",
    keyRegex: "app\\.kubernetes\\.io/(.+)",
    valueRegex: "^v(\\d+)",
    attribute: "service.$1",
    attributeValue: "major $1",
  };
  return { ...side, extract: { ...side.extract, labels: [rule] } };
}

export interface AttributionCase {
  name: string;
  source: string;
  sourcePort?: number;
  destination: string;
  destinationPort?: number;
  /** IP protocol number; default TCP. */
  protocol?: number;
  /** When the flow ran: before the shop's changes or after. It is asked about after them either way. */
  when?: "before" | "after";
  /** Without uids, which are looked at apart. undefined: no names. */
  expected: { source?: Attributes; destination?: Attributes; flow?: Attributes };
}

const ICMP = 1;
const UDP = 17;

const NODE_A = {
  "k8s.node.name": "node-a",
  "k8s.owner.name": "node-a",
  "k8s.owner.type": "Node",
  "k8s.resource.type": "Node",
  "k8s.node.ip": "192.168.10.1",
};
const NODE_B = { ...NODE_A, "k8s.node.name": "node-b", "k8s.owner.name": "node-b", "k8s.node.ip": "192.168.10.2" };

function pod(
  namespace: string,
  name: string,
  node: "a" | "b",
  owner: { name: string; type: string } = { name, type: "Pod" },
  rest: Attributes = {},
): Attributes {
  return {
    "k8s.namespace.name": namespace,
    "k8s.pod.name": name,
    "k8s.node.name": `node-${node}`,
    "k8s.node.ip": node === "a" ? "192.168.10.1" : "192.168.10.2",
    "k8s.owner.name": owner.name,
    "k8s.owner.type": owner.type,
    "k8s.resource.type": "Pod",
    ...rest,
  };
}

function container(name: string, image = `registry.example.org/${name}`, tag = "1.0"): Attributes {
  return {
    "k8s.container.name": name,
    "container.name": name,
    "container.image.name": image,
    "container.image.tags": [tag],
  };
}

function service(namespace: string, name: string, rest: Attributes = {}): Attributes {
  return {
    "k8s.namespace.name": namespace,
    "k8s.service.name": name,
    "k8s.owner.name": name,
    "k8s.owner.type": "Service",
    "k8s.resource.type": "Service",
    ...rest,
  };
}

const WEB = pod("shop", "web-5d4f-aaaaa", "a", { name: "web", type: "Deployment" }, {
  "k8s.replicaset.name": "web-5d4f",
  "k8s.deployment.name": "web",
});
const WEB_CONTAINER = container("web", "registry.example.org:5000/shop/web", "1.2");
const WEB_SERVING = { ...WEB, ...WEB_CONTAINER, "k8s.service.name": "web", "k8s.endpointslice.name": "web-v4" };
const API = pod("shop", "api-77c9-bbbbb", "b", { name: "api", type: "Deployment" }, {
  "k8s.replicaset.name": "api-77c9",
  "k8s.deployment.name": "api",
});
const API_SERVING = {
  ...API,
  ...container("api"),
  "k8s.service.name": "api",
  "k8s.endpointslice.name": "api-v4",
};
const DB = pod("data", "db-0", "b", { name: "db", type: "StatefulSet" }, { "k8s.statefulset.name": "db" });
const DB_SERVING = { ...DB, ...container("postgres"), "k8s.service.name": "db", "k8s.endpointslice.name": "db-v4" };
const BACKUP = pod("data", "backup-1-ccccc", "b", { name: "backup", type: "CronJob" }, {
  "k8s.job.name": "backup-1",
  "k8s.cronjob.name": "backup",
});
const CANARY = pod("shop", "canary-6b-ddddd", "a", { name: "canary", type: "Rollout" }, {
  "k8s.replicaset.name": "canary-6b",
  "k8s.rollout.name": "canary",
});
const DEBUG = pod("ops", "debug", "a");
const EDGE_SERVING = { ...pod("ops", "edge", "a"), ...container("edge") };

function exporter(node: "a" | "b"): Attributes {
  return {
    ...pod("ops", `exporter-node-${node}`, node, { name: "exporter", type: "DaemonSet" }, {
      "k8s.daemonset.name": "exporter",
    }),
    ...container("exporter"),
  };
}

function ingress(verdict: "allow" | "deny", ...policies: string[]): Attributes {
  return { "network.policies.ingress": policies, "network.policies.ingress.verdict": verdict };
}

function egress(verdict: "allow" | "deny", ...policies: string[]): Attributes {
  return { "network.policies.egress": policies, "network.policies.egress.verdict": verdict };
}

const WEB_ALLOWED = ingress("allow", "shop/web-in");
const WEB_DENIED = ingress("deny", "shop/web-in");

const CHAT = service("shop", "chat", { "service.version": "major 2" });

export const ATTRIBUTION_CASES: readonly AttributionCase[] = [
  {
    name: "a pod to another one on its node",
    source: "10.1.0.60",
    destination: "10.1.0.10",
    destinationPort: 8080,
    expected: { source: DEBUG, destination: WEB_SERVING, flow: WEB_ALLOWED },
  },
  {
    name: "a pod to one on another node",
    source: "10.1.0.10",
    destination: "10.1.1.20",
    destinationPort: 8443,
    expected: { source: WEB, destination: API_SERVING },
  },
  {
    name: "a pod to a service's address",
    source: "10.1.0.10",
    destination: "10.96.1.20",
    destinationPort: 443,
    expected: { source: WEB, destination: service("shop", "api") },
  },
  {
    name: "a pod to a service's address, on a port that it has not",
    source: "10.1.0.10",
    destination: "10.96.1.20",
    destinationPort: 4443,
    expected: { source: WEB, destination: service("shop", "api") },
  },
  {
    name: "a pod to a service of IPv6",
    source: "fd00:1::10",
    destination: "fd00:10:96::10",
    destinationPort: 80,
    expected: { source: WEB, destination: service("shop", "web") },
  },
  {
    name: "the second address of a dual-stack pod, which no slice has",
    source: "2001:db8::7",
    destination: "fd00:1::10",
    destinationPort: 8080,
    expected: { destination: { ...WEB, ...WEB_CONTAINER }, flow: WEB_DENIED },
  },
  {
    name: "from outside to the load balancer's address",
    source: "192.0.2.99",
    destination: "203.0.113.10",
    destinationPort: 80,
    expected: { destination: service("shop", "web") },
  },
  {
    name: "from outside to the load balancer's address, on a port that it does not balance",
    source: "192.0.2.99",
    destination: "203.0.113.10",
    destinationPort: 22,
    expected: {},
  },
  {
    name: "an external address that two services share: the one with the port",
    source: "192.0.2.99",
    destination: "198.51.100.7",
    destinationPort: 5222,
    expected: { destination: CHAT },
  },
  {
    name: "a service with a label that a rule takes, and one that it does not",
    source: "10.1.0.10",
    destination: "10.96.1.40",
    destinationPort: 5222,
    expected: { source: WEB, destination: CHAT },
  },
  {
    name: "an external address that two services share: the other one",
    source: "192.0.2.99",
    destination: "198.51.100.7",
    destinationPort: 80,
    expected: { destination: service("shop", "web") },
  },
  {
    name: "an external address with the right port and the wrong protocol",
    source: "192.0.2.99",
    destination: "198.51.100.7",
    destinationPort: 80,
    protocol: UDP,
    expected: {},
  },
  {
    name: "from outside to a node port",
    source: "192.0.2.99",
    destination: "192.168.10.2",
    destinationPort: 30_080,
    expected: { destination: service("shop", "web", { "k8s.node.name": "node-b", "k8s.node.ip": "192.168.10.2" }) },
  },
  {
    name: "a pod of the host network by its port",
    source: "10.1.1.20",
    destination: "192.168.10.1",
    destinationPort: 9100,
    expected: { source: API, destination: exporter("a") },
  },
  {
    name: "the same pod's twin on the other node",
    source: "10.1.1.20",
    destination: "192.168.10.2",
    destinationPort: 9100,
    expected: { source: API, destination: exporter("b") },
  },
  {
    name: "another pod of the same host",
    source: "192.0.2.99",
    destination: "192.168.10.1",
    destinationPort: 10_256,
    expected: {
      destination: {
        ...pod("ops", "proxy-node-a", "a", { name: "proxy", type: "DaemonSet" }, { "k8s.daemonset.name": "proxy" }),
        ...container("proxy"),
      },
    },
  },
  {
    name: "a node, on a port that no pod of the host declares",
    source: "192.168.10.1",
    destination: "192.168.10.2",
    destinationPort: 10_250,
    expected: { source: NODE_A, destination: NODE_B },
  },
  {
    name: "a node by ICMP",
    source: "10.1.0.60",
    destination: "192.168.10.2",
    protocol: ICMP,
    expected: { source: DEBUG, destination: NODE_B },
  },
  {
    name: "a node to a pod on itself, which no policy can forbid",
    source: "192.168.10.1",
    destination: "10.1.0.10",
    destinationPort: 8080,
    expected: { source: NODE_A, destination: WEB_SERVING },
  },
  {
    name: "a pod's port on its node",
    source: "192.0.2.99",
    destination: "192.168.10.1",
    destinationPort: 8_088,
    expected: { destination: EDGE_SERVING },
  },
  {
    name: "the other container of a pod, whose port no service leads to",
    source: "10.1.1.20",
    destination: "10.1.0.10",
    destinationPort: 9090,
    expected: { source: API, destination: { ...WEB, ...container("metrics") }, flow: WEB_DENIED },
  },
  {
    name: "a pod of a headless service, which a policy lets in",
    source: "10.1.1.20",
    destination: "10.1.1.30",
    destinationPort: 5432,
    expected: { source: API, destination: DB_SERVING, flow: ingress("allow", "data/db-from-api") },
  },
  {
    name: "the same pod from one that no policy lets in",
    source: "10.1.0.10",
    destination: "10.1.1.30",
    destinationPort: 5432,
    expected: { source: WEB, destination: DB_SERVING, flow: ingress("deny", "data/db-from-api", "data/default-deny") },
  },
  {
    name: "an endpoint that is no pod, and its service",
    source: "10.1.0.60",
    destination: "172.16.5.5",
    destinationPort: 1433,
    expected: {
      source: DEBUG,
      destination: service("data", "legacy", { "k8s.endpointslice.name": "legacy-1" }),
    },
  },
  {
    name: "an ingress by the address that is its own",
    source: "192.0.2.99",
    destination: "203.0.113.20",
    destinationPort: 443,
    expected: {
      destination: {
        "k8s.namespace.name": "shop",
        "k8s.ingress.name": "shop",
        "k8s.owner.name": "shop",
        "k8s.owner.type": "Ingress",
        "k8s.resource.type": "Ingress",
      },
    },
  },
  {
    name: "a pod whose owner's owner is a custom resource",
    source: "10.1.0.50",
    destination: "192.0.2.99",
    destinationPort: 443,
    expected: { source: CANARY },
  },
  {
    name: "what a policy lets out, within a range of ports",
    source: "10.1.1.40",
    destination: "10.1.1.30",
    destinationPort: 5432,
    expected: {
      source: BACKUP,
      destination: DB_SERVING,
      flow: { ...ingress("deny", "data/db-from-api", "data/default-deny"), ...egress("allow", "data/backup-out") },
    },
  },
  {
    name: "what a policy does not let out: a part of the block that it excepts",
    source: "10.1.1.40",
    destination: "10.1.0.60",
    destinationPort: 5432,
    expected: { source: BACKUP, destination: DEBUG, flow: egress("deny", "data/backup-out") },
  },
  {
    name: "an address used again: the flow of before",
    source: "10.1.0.70",
    destination: "192.0.2.99",
    destinationPort: 443,
    expected: { source: pod("ops", "first", "a") },
  },
  {
    name: "an address used again: the flow of after",
    source: "10.1.0.70",
    destination: "192.0.2.99",
    destinationPort: 443,
    when: "after",
    expected: { source: pod("ops", "second", "a") },
  },
  {
    name: "the address of a pod that has completed, given to another",
    source: "10.1.1.40",
    destination: "192.0.2.99",
    destinationPort: 443,
    when: "after",
    expected: { source: pod("ops", "third", "b") },
  },
  {
    name: "a pod that is told to end and still has its address",
    source: "10.1.0.80",
    destination: "192.0.2.99",
    destinationPort: 443,
    when: "after",
    expected: { source: pod("ops", "ending", "a") },
  },
];

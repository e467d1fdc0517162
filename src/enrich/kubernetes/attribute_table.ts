/**
 * Every attribute that comes from Kubernetes: for the reference page, and for whoever wants to know what may come.
 * Those of an end are under "source." and "destination." in spans. KIND is a kind in small letters, KEY a label's or an
 * annotation's key as it is. Labels and annotations to which the configuration gives names of their own are not here.
 */

export interface KubernetesAttribute {
  name: string;
  of: "end" | "flow";
  type: "string" | "string[]";
  /** When the attribute is there. */
  when: string;
  brief: string;
}

export const KUBERNETES_ATTRIBUTES: readonly KubernetesAttribute[] = [
  end("k8s.namespace.name", "the namespace of the pod, or else of the service or whatever has the address"),
  end("k8s.pod.name", "the pod that had the address when the flow began"),
  end("k8s.container.name", "the pod's container that declares the port"),
  end("container.name", "the same"),
  end("container.image.name", "the container's image without tag and digest"),
  { ...end("container.image.tags", "the image's tag"), type: "string[]" },
  end("k8s.node.name", "the pod's node, or the node that has the address"),
  end("k8s.service.name", "the service that has the address and port, or that leads to the pod's port"),
  end("k8s.endpointslice.name", "the endpoint slice that has the address and port"),
  end("k8s.ingress.name", "the one ingress that has the address; where that is a node's, too, on ports 80 and 443"),
  end(
    "k8s.gateway.name",
    "the one gateway (gateway.networking.k8s.io) that has the address; where that is a node's, too, on its listeners' ports",
  ),
  end("k8s.KIND.name", "an owner of the pod: replicaset, deployment, statefulset, job, or a custom resource's kind"),
  end("k8s.KIND.uid", "uid of the object that k8s.KIND.name names"),
  end("k8s.KIND.label.KEY", "a label of any of these objects", "where the configuration extracts it"),
  end("k8s.KIND.annotations.KEY", "an annotation of any of these objects", "where the configuration extracts it"),
  end("k8s.cluster.uid", "uid of the namespace kube-system"),
  end("k8s.cluster.name", "the cluster's name", "where it is configured"),
  standard("k8s.owner.name", "the last known owner, or the object itself"),
  standard("k8s.owner.type", "that object's kind"),
  standard("k8s.resource.type", "the kind of what has the address: Pod, Service, Node …"),
  standard("k8s.node.ip", "the node's internal address"),
  ...(["ingress", "egress"] as const).flatMap((direction) => [
    {
      ...flow(
        `network.policies.${direction}`,
        "of the policies at the flow's end those that permit it, or else those that isolate the pod",
      ),
      type: "string[]" as const,
    },
    flow(`network.policies.${direction}.verdict`, "allow or deny: what they say, whether it is enforced or not"),
  ]),
];

function end(name: string, brief: string, when = "where it is known and extracted"): KubernetesAttribute {
  return { name, of: "end", type: "string", when, brief };
}

function standard(name: string, brief: string): KubernetesAttribute {
  return end(name, brief, "where the end is known, unless OpenTelemetry's names are switched off");
}

function flow(name: string, brief: string): KubernetesAttribute {
  const when = "where a network policy isolates the pod, and enough is known to tell what it says";
  return { name, of: "flow", type: "string", when, brief };
}

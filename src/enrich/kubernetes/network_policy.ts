/** One network policy (networking.k8s.io/v1), read once; and what its rules say of a flow. */
import { type Cidr, type IpWords, parseCidr } from "./ip.ts";
import { type Labels, LabelSelector } from "./label_selector.ts";
import type { Pod } from "./objects.ts";
import type { LabelExpression } from "./options.ts";
import type { RawLabelSelector, RawNetworkPolicy, RawPolicyPeer, RawPolicyPort } from "./raw_object.ts";
import { protocolOf } from "./transport_protocol.ts";

export interface NetworkPolicyRules {
  /** The pods of the policy's namespace that it isolates. */
  readonly pods: LabelSelector;
  /** What may come in; undefined: the policy does not say, and isolates nobody. */
  readonly ingress: readonly PolicyRule[] | undefined;
  readonly egress: readonly PolicyRule[] | undefined;
}

export interface PolicyRule {
  /** Empty: everybody. */
  readonly peers: readonly PolicyPeer[];
  /** Empty: every port and protocol. */
  readonly ports: readonly PolicyPort[];
}

export interface PolicyPeer {
  /** Without namespaces: pods of the policy's own. */
  readonly pods: LabelSelector | undefined;
  readonly namespaces: LabelSelector | undefined;
  readonly block: { readonly cidr: Cidr; readonly except: readonly Cidr[] } | undefined;
}

export interface PolicyPort {
  readonly protocol: number;
  /** A number, the name of a container's port, or undefined for all. */
  readonly port: number | string | undefined;
  /** The last of a range; the port itself where there is none. */
  readonly endPort: number;
}

/** The other end of a flow, as a rule sees it. */
export interface PolicyEnd {
  ip: IpWords;
  pod: Pod | undefined;
  /** Of the pod's namespace; undefined when it is not known. */
  namespaceLabels: Labels | undefined;
}

/** Reads a policy's specification. Throws UsageError for an operator that the API server would not take. */
export function readNetworkPolicy({ spec = {} }: RawNetworkPolicy): NetworkPolicyRules {
  // as the API server fills it in for whoever left it out
  const types = spec.policyTypes ?? (spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"]);
  const ingress = (spec.ingress ?? []).map(({ from, ports }) => ruleOf(from, ports));
  const egress = (spec.egress ?? []).map(({ to, ports }) => ruleOf(to, ports));
  return {
    pods: selectorOf(spec.podSelector ?? {}),
    ingress: types.includes("Ingress") ? ingress : undefined,
    egress: types.includes("Egress") ? egress : undefined,
  };
}

export function selectorOf({ matchLabels, matchExpressions }: RawLabelSelector): LabelSelector {
  return new LabelSelector(matchLabels, matchExpressions as readonly LabelExpression[] | undefined);
}

function ruleOf(peers: readonly RawPolicyPeer[] = [], ports: readonly RawPolicyPort[] = []): PolicyRule {
  return { peers: peers.map(peerOf), ports: ports.map(portOf) };
}

function peerOf({ podSelector, namespaceSelector, ipBlock }: RawPolicyPeer): PolicyPeer {
  const cidr = parseCidr(ipBlock?.cidr ?? "");
  const except = (ipBlock?.except ?? []).flatMap((text) => parseCidr(text) ?? []);
  return {
    pods: podSelector && selectorOf(podSelector),
    namespaces: namespaceSelector && selectorOf(namespaceSelector),
    block: cidr && { cidr, except },
  };
}

function portOf({ protocol, port, endPort }: RawPolicyPort): PolicyPort {
  const last = typeof port === "number" ? endPort ?? port : 0;
  return { protocol: protocolOf(protocol), port, endPort: last };
}

/**
 * Whether a rule lets a flow through. end: who is not the policy's pod; target: the pod that is the flow's destination,
 * whose containers' port names count; port: the destination's.
 */
export function permits(
  rule: PolicyRule,
  policyNamespace: string,
  end: PolicyEnd,
  target: Pod | undefined,
  port: number,
  protocol: number,
): boolean {
  return permitsEnd(rule, policyNamespace, end) && permitsPort(rule, target, port, protocol);
}

function permitsEnd({ peers }: PolicyRule, policyNamespace: string, end: PolicyEnd): boolean {
  if (!peers.length) return true;
  for (const peer of peers) if (isPeer(peer, policyNamespace, end)) return true;
  return false;
}

function isPeer({ pods, namespaces, block }: PolicyPeer, policyNamespace: string, end: PolicyEnd): boolean {
  if (block) {
    if (!block.cidr.contains(end.ip)) return false;
    for (const except of block.except) if (except.contains(end.ip)) return false;
    return true;
  }
  // on its node's address a pod is not told from the node
  if (!end.pod || end.pod.hostNetwork) return false;
  if (namespaces) {
    if (!end.namespaceLabels || !namespaces.matches(end.namespaceLabels)) return false;
  } else if (end.pod.namespace !== policyNamespace) {
    return false;
  }
  if (!pods) return namespaces !== undefined;
  return pods.matches(end.pod.labels);
}

function permitsPort({ ports }: PolicyRule, target: Pod | undefined, port: number, protocol: number): boolean {
  if (!ports.length) return true;
  for (const wanted of ports) {
    if (wanted.protocol !== protocol) continue;
    if (wanted.port === undefined) return true;
    if (typeof wanted.port === "number") {
      if (port >= wanted.port && port <= wanted.endPort) return true;
    } else if (target && hasNamedPort(target, wanted.port, port, protocol)) {
      return true;
    }
  }
  return false;
}

function hasNamedPort({ containers }: Pod, name: string, port: number, protocol: number): boolean {
  for (const { ports } of containers) {
    for (const own of ports) if (own.name === name && own.port === port && own.protocol === protocol) return true;
  }
  return false;
}

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

/** A flow, as the rules of a policy see it that isolates one of its pods. */
export interface PolicyFlow {
  /** The other end, of which `pod` and `namespaceLabels` are, too: undefined where they are not known. */
  ip: IpWords;
  pod: Pod | undefined;
  namespaceLabels: Labels | undefined;
  /** Whether the other end may be a pod that is not known, or not yet. */
  mayBePod: boolean;
  /** The pod at the flow's destination, whose containers' port names count. */
  target: Pod | undefined;
  /** The destination's; 0 where it is not known. */
  port: number;
  protocol: number;
}

/** Whether a policy lets a flow through. Greater where more of its rules do. */
export const Permission = {
  NO: 0,
  /** It depends on what is not known. */
  UNKNOWN: 1,
  YES: 2,
} as const;

/** Reads a policy's specification. Throws UsageError for an operator that the API server would not take. */
export function readNetworkPolicy(raw: RawNetworkPolicy): NetworkPolicyRules {
  const spec = raw.spec ?? {};
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
  return new LabelSelector(matchLabels, matchExpressions as readonly LabelExpression[] | null | undefined);
}

function ruleOf(
  peers: readonly RawPolicyPeer[] | null | undefined,
  ports: readonly RawPolicyPort[] | null | undefined,
): PolicyRule {
  return { peers: (peers ?? []).map(peerOf), ports: (ports ?? []).map(portOf) };
}

function peerOf({ podSelector, namespaceSelector, ipBlock }: RawPolicyPeer): PolicyPeer {
  const cidr = parseCidr(ipBlock?.cidr ?? "");
  const except = (ipBlock?.except ?? []).flatMap((text) => parseCidr(text) ?? []);
  return {
    pods: podSelector ? selectorOf(podSelector) : undefined,
    namespaces: namespaceSelector ? selectorOf(namespaceSelector) : undefined,
    block: cidr && { cidr, except },
  };
}

function portOf({ protocol, port, endPort }: RawPolicyPort): PolicyPort {
  const last = typeof port === "number" ? endPort ?? port : 0;
  return { protocol: protocolOf(protocol), port: port ?? undefined, endPort: last };
}

/** Of {@linkcode Permission}: what the rules of one direction say, of which one is enough. */
export function permissionOf(rules: readonly PolicyRule[], policyNamespace: string, flow: PolicyFlow): number {
  let most: number = Permission.NO;
  for (const rule of rules) {
    const ofEnd = permissionOfEnd(rule, policyNamespace, flow);
    if (ofEnd <= most) continue;
    most = Math.max(most, Math.min(ofEnd, permissionOfPort(rule, flow)));
    if (most === Permission.YES) break;
  }
  return most;
}

function permissionOfEnd({ peers }: PolicyRule, policyNamespace: string, flow: PolicyFlow): number {
  if (!peers.length) return Permission.YES;
  let most: number = Permission.NO;
  for (const peer of peers) {
    most = Math.max(most, isPeer(peer, policyNamespace, flow));
    if (most === Permission.YES) break;
  }
  return most;
}

function isPeer({ pods, namespaces, block }: PolicyPeer, policyNamespace: string, flow: PolicyFlow): number {
  if (block) {
    if (!block.cidr.contains(flow.ip)) return Permission.NO;
    for (const except of block.except) if (except.contains(flow.ip)) return Permission.NO;
    return Permission.YES;
  }
  if (!pods && !namespaces) return Permission.NO;
  const { pod, namespaceLabels } = flow;
  if (!pod) return flow.mayBePod ? Permission.UNKNOWN : Permission.NO;
  // on its node's address a pod is not told from the node
  if (pod.hostNetwork || pods && !pods.matches(pod.labels)) return Permission.NO;
  if (!namespaces) return pod.namespace === policyNamespace ? Permission.YES : Permission.NO;
  if (!namespaceLabels) return Permission.UNKNOWN;
  return namespaces.matches(namespaceLabels) ? Permission.YES : Permission.NO;
}

function permissionOfPort({ ports }: PolicyRule, flow: PolicyFlow): number {
  if (!ports.length) return Permission.YES;
  let most: number = Permission.NO;
  for (const wanted of ports) {
    if (wanted.protocol === flow.protocol) most = Math.max(most, isPort(wanted, flow));
    if (most === Permission.YES) break;
  }
  return most;
}

function isPort({ port, endPort }: PolicyPort, flow: PolicyFlow): number {
  if (port === undefined) return Permission.YES;
  // of a protocol with ports: a fragment, which does not say them
  if (flow.port === 0) return Permission.UNKNOWN;
  if (typeof port === "number") return flow.port >= port && flow.port <= endPort ? Permission.YES : Permission.NO;
  if (!flow.target) return flow.mayBePod ? Permission.UNKNOWN : Permission.NO;
  return hasNamedPort(flow.target, port, flow) ? Permission.YES : Permission.NO;
}

function hasNamedPort({ containers }: Pod, name: string, { port, protocol }: PolicyFlow): boolean {
  for (const { ports } of containers) {
    for (const own of ports) if (own.name === name && own.port === port && own.protocol === protocol) return true;
  }
  return false;
}

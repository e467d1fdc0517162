/**
 * What network policies say of a flow, as the API defines them (networking.k8s.io/v1): policies add up, a pod that none
 * isolates is open, one that some do is closed but for what one of them permits. It is the policies that were there at
 * the flow's end that count. Whether the network enforces them is another question.
 */
import type { AttributeSet, AttributeSets, AttributeValue } from "../../attribute_sets.ts";
import { ISOLATIONS_MAX } from "../../limits.ts";
import type { OwnAddress } from "../kind.ts";
import { Role } from "./claim.ts";
import type { FlowEnd, FoundEnd } from "./end_resolver.ts";
import type { Labels } from "./label_selector.ts";
import { Permission, permissionOf, type PolicyFlow } from "./network_policy.ts";
import type { NetworkPolicy, Pod } from "./objects.ts";
import type { Store } from "./store.ts";
import { ThisHost } from "./this_host.ts";

export type Direction = "ingress" | "egress";

export interface PoliciesParts {
  store: Store;
  sets: AttributeSets;
  /** Of the host that flows are seen on. */
  isOwn: OwnAddress;
  /** Whether none is filtered out. */
  knowsAllPods: boolean;
}

/** What policies say of one direction. */
export interface Decision {
  /** unknown: none permits the flow for sure, and too little is known to say that none does. */
  readonly verdict: "allow" | "deny" | "unknown";
  /** Those that permit the flow; where none does, those that isolate the pod. */
  readonly policies: readonly NetworkPolicy[];
}

/** Policies found permitting, one after the other: the same ones lead to the same decision. */
interface Trail {
  readonly policies: readonly NetworkPolicy[];
  readonly next: Map<NetworkPolicy, Trail>;
  readonly decision: Decision;
}

/** The policies that isolate pods with these labels in this namespace, from when until when, Unix ms. */
interface Isolation {
  readonly fromMs: number;
  readonly toMs: number;
  /** Empty: the pods are open. */
  readonly policies: readonly NetworkPolicy[];
  readonly trail: Trail;
  readonly unknown: Decision;
}

/** What isolates them and what did. */
interface History {
  readonly policies: readonly NetworkPolicy[];
  /** Those that somebody asked for; none begins or ends within another. */
  readonly isolations: Isolation[];
}

type Histories = Record<Direction, History | undefined>;

/** Rounds of {@linkcode Policies.forgetAtTimes} until labels and namespaces that are gone are forgotten. */
const ROUNDS_KEPT = 5;

export class Policies {
  readonly #store: Store;
  readonly #sets: AttributeSets;
  readonly #host: ThisHost;
  readonly #knowsAllPods: boolean;
  #generation = 0;
  #histories = new Map<Labels, Map<string, Histories>>();
  #historyCount = 0;
  /** Pods with labels of their own share what they are isolated by: by direction and policies. */
  #shared = new Map<string, History>();
  #flowSets = new Map<Decision | undefined, Map<Decision | undefined, AttributeSet>>();
  #flowSetCount = 0;
  #round = 0;
  /** The one that is asked about: the hot path allocates nothing. */
  readonly #flow: PolicyFlow = {
    ip: { w0: 0, w1: 0, w2: 0, w3: 0 },
    pod: undefined,
    namespaceLabels: undefined,
    mayBePod: false,
    target: undefined,
    port: 0,
    protocol: 0,
  };

  constructor({ store, sets, isOwn, knowsAllPods }: PoliciesParts) {
    this.#store = store;
    this.#sets = sets;
    this.#host = new ThisHost(isOwn);
    this.#knowsAllPods = knowsAllPods;
  }

  /** What policies say of a flow, as attributes; undefined: no policy has a say, or it is not known. */
  setOf(source: FlowEnd, from: FoundEnd, destination: FlowEnd, to: FoundEnd): AttributeSet | undefined {
    if (!from.pod && !to.pod) return undefined;
    const ingress = known(this.decide("ingress", source, from, destination, to));
    const egress = known(this.decide("egress", source, from, destination, to));
    return ingress || egress ? this.#setOf(ingress, egress) : undefined;
  }

  /** undefined: no policy isolates the pod in this direction, or none is asked. */
  decide(
    direction: Direction,
    source: FlowEnd,
    from: FoundEnd,
    destination: FlowEnd,
    to: FoundEnd,
  ): Decision | undefined {
    const isolation = this.#ask(direction, source, from, destination, to);
    if (!isolation) return undefined;
    let { trail } = isolation;
    let isKnown = true;
    for (const policy of isolation.policies) {
      const permission = this.#permissionOf(direction, policy);
      if (permission === Permission.YES) trail = this.#step(trail, policy);
      else if (permission === Permission.UNKNOWN) isKnown = false;
    }
    return isKnown || trail !== isolation.trail ? trail.decision : isolation.unknown;
  }

  /** Of each policy that isolates the pod {@linkcode Permission}: whether it lets the flow through. */
  permissions(
    direction: Direction,
    source: FlowEnd,
    from: FoundEnd,
    destination: FlowEnd,
    to: FoundEnd,
  ): Array<{ policy: NetworkPolicy; permission: number }> {
    const policies = this.#ask(direction, source, from, destination, to)?.policies ?? [];
    return policies.map((policy) => ({ policy, permission: this.#permissionOf(direction, policy) }));
  }

  #permissionOf(direction: Direction, { rules, namespace }: NetworkPolicy): number {
    return permissionOf(rules[direction]!, namespace, this.#flow);
  }

  /** Makes a flow the one that is asked about. Returns what isolates its pod; undefined: nothing, or none is asked. */
  #ask(
    direction: Direction,
    source: FlowEnd,
    from: FoundEnd,
    destination: FlowEnd,
    to: FoundEnd,
  ): Isolation | undefined {
    const isIngress = direction === "ingress";
    const [own, at, peer, peerAt] = isIngress ? [to, destination, from, source] : [from, source, to, destination];
    const { pod } = own;
    if (!pod || !isAsked(pod, peer)) return undefined;
    const isolation = this.#isolation(direction, pod, destination.endMs);
    if (!isolation || this.#isOwnNode(own, peer, peerAt)) return undefined;
    const behind = this.#portBehind(pod, at);
    // what leaves a pod by its node's address is not the pod's any more, and who goes to one goes to a node first
    if (behind && !isIngress || peer.pod && this.#portBehind(peer.pod, peerAt)) return undefined;
    const flow = this.#flow;
    flow.ip = peerAt;
    flow.pod = peer.pod;
    flow.namespaceLabels = peer.pod && this.#store.namespaceLabels(peer.pod.namespace);
    flow.mayBePod = this.#mayBePod(peer, peerAt);
    flow.target = to.pod;
    flow.port = behind || destination.port;
    flow.protocol = destination.protocol;
    return isolation;
  }

  /** Whether the peer is the pod's node by an address that no Node has. */
  #isOwnNode({ node }: FoundEnd, peer: FoundEnd, peerAt: FlowEnd): boolean {
    return !peer.pod && !peer.node && this.#host.has(peerAt) && !this.#host.isNot(node);
  }

  /** The container's port that a port of a pod's node leads to; 0: the end is no such port. */
  #portBehind(pod: Pod, at: FlowEnd): number {
    const port = pod.hostNetwork ? 0 : portOfHostPort(pod, at);
    if (!port) return 0;
    const { w0, w1, w2, w3 } = at;
    let claim = this.#store.ledger.index.find(w0, w1, w2, w3)?.first;
    while (claim && claim.object !== pod) claim = claim.next;
    return claim?.role === Role.HOST ? port : 0;
  }

  /** Whether an end may be a pod that is not known. An endpoint may be one; nodes and load balancers are none. */
  #mayBePod({ pod, node, ingress, gateway, unnamed }: FoundEnd, at: FlowEnd): boolean {
    if (pod || node || ingress || gateway) return false;
    if (!this.#knowsAllPods) return true;
    return unnamed !== undefined && unnamed !== "outside" || this.#store.isInPodRange(at);
  }

  #step(trail: Trail, policy: NetworkPolicy): Trail {
    let next = trail.next.get(policy);
    if (!next) {
      const policies = [...trail.policies, policy];
      next = { policies, next: new Map(), decision: { verdict: "allow", policies } };
      trail.next.set(policy, next);
    }
    return next;
  }

  /** What isolates a pod at a time, Unix ms; undefined: no policy does. */
  #isolation(direction: Direction, pod: Pod, atMs: number): Isolation | undefined {
    const history = this.#history(direction, pod);
    if (!history) return undefined;
    for (const isolation of history.isolations) {
      if (isolation.fromMs <= atMs && atMs < isolation.toMs) return isolation.policies.length ? isolation : undefined;
    }
    const isolation = isolationAt(history.policies, atMs);
    history.isolations.push(isolation);
    return isolation.policies.length ? isolation : undefined;
  }

  #history(direction: Direction, pod: Pod): History | undefined {
    if (this.#generation !== this.#store.policyGeneration) this.#beginAgain();
    const known = this.#histories.get(pod.labels)?.get(pod.namespace);
    return (known ?? this.#remember(pod))[direction];
  }

  #remember(pod: Pod): Histories {
    if (this.#historyCount >= ISOLATIONS_MAX) this.forget();
    const histories = { ingress: this.#historyOf("ingress", pod), egress: this.#historyOf("egress", pod) };
    let ofLabels = this.#histories.get(pod.labels);
    if (!ofLabels) this.#histories.set(pod.labels, ofLabels = new Map());
    ofLabels.set(pod.namespace, histories);
    this.#historyCount++;
    return histories;
  }

  #historyOf(direction: Direction, { namespace, labels }: Pod): History | undefined {
    const policies = this.#store.policiesIn(namespace)
      .filter(({ rules }) => rules[direction] !== undefined && rules.pods.matches(labels))
      .sort((a, b) => a.name < b.name ? -1 : 1);
    if (!policies.length) return undefined;
    const key = `${direction} ${policies.map(({ uid }) => uid)}`;
    let history = this.#shared.get(key);
    if (!history) this.#shared.set(key, history = { policies, isolations: [] });
    return history;
  }

  #setOf(ingress: Decision | undefined, egress: Decision | undefined): AttributeSet {
    return this.#flowSets.get(ingress)?.get(egress) ?? this.#makeSet(ingress, egress);
  }

  #makeSet(ingress: Decision | undefined, egress: Decision | undefined): AttributeSet {
    if (this.#flowSetCount >= ISOLATIONS_MAX) this.#forgetSets();
    const set = this.#sets.own({ ...attributesOf("ingress", ingress), ...attributesOf("egress", egress) });
    let ofIngress = this.#flowSets.get(ingress);
    if (!ofIngress) this.#flowSets.set(ingress, ofIngress = new Map());
    ofIngress.set(egress, set);
    this.#flowSetCount++;
    return set;
  }

  /** Nothing that was decided holds any more. */
  #beginAgain(): void {
    this.#generation = this.#store.policyGeneration;
    this.forget();
  }

  /** Gives back what is kept: it is made again when it is wanted. */
  forget(): void {
    this.#forgetSets();
    this.#histories = new Map();
    this.#historyCount = 0;
    this.#shared = new Map();
  }

  #forgetSets(): void {
    for (const sets of this.#flowSets.values()) for (const set of sets.values()) this.#sets.release(set);
    this.#flowSets = new Map();
    this.#flowSetCount = 0;
  }

  /** Every few rounds all of it, so that nothing stays that nobody asks for any more. */
  forgetAtTimes(): void {
    if (++this.#round % ROUNDS_KEPT === 0) this.forget();
  }
}

/** What isolates pods at a time, of all that ever do. */
function isolationAt(policies: readonly NetworkPolicy[], atMs: number): Isolation {
  const changes = policies.flatMap(({ createdMs, goneMs }) => [createdMs, goneMs]);
  const then = policies.filter(({ createdMs, goneMs }) => createdMs <= atMs && atMs < goneMs);
  return {
    fromMs: Math.max(-Infinity, ...changes.filter((ms) => ms <= atMs)),
    toMs: Math.min(Infinity, ...changes.filter((ms) => ms > atMs)),
    policies: then,
    trail: { policies: [], next: new Map(), decision: { verdict: "deny", policies: then } },
    unknown: { verdict: "unknown", policies: then },
  };
}

function known(decision: Decision | undefined): Decision | undefined {
  return decision?.verdict === "unknown" ? undefined : decision;
}

/** Policies are not asked about a pod's node and the pod itself, nor on an address that leads on to other pods. */
function isAsked(pod: Pod, peer: FoundEnd): boolean {
  if (pod.hostNetwork || peer.pod === pod) return false;
  if (peer.pod) return !(peer.pod.hostNetwork && peer.pod.node === pod.node);
  if (peer.node?.name === pod.node) return false;
  return peer.service === undefined || peer.slice !== undefined;
}

function portOfHostPort({ containers }: Pod, { port, protocol }: FlowEnd): number {
  for (const { ports } of containers) {
    for (const own of ports) if (own.hostPort && own.hostPort === port && own.protocol === protocol) return own.port;
  }
  return 0;
}

function attributesOf(direction: Direction, decision: Decision | undefined): Record<string, AttributeValue> {
  if (!decision) return {};
  // one that was made again in the second that it went in is there twice
  const names = decision.policies.map(({ namespace, name }) => `${namespace}/${name}`);
  return {
    [`network.policies.${direction}`]: [...new Set(names)],
    [`network.policies.${direction}.verdict`]: decision.verdict,
  };
}

/** Why the ends of a flow have their names: every claim to their addresses, with what speaks for it or against it. */
import type { Attributes } from "../../attribute_sets.ts";
import { type Claim, Fit, fitOf, Role } from "./claim.ts";
import { NODE_PORT_WORD, nodePortWord } from "./claim_ledger.ts";
import type { UnnamedReason } from "./counters.ts";
import { type FlowEnd, type FoundEnd, isNodeAt, portRefusal, type Refusal } from "./end_resolver.ts";
import { Ip } from "./ip.ts";
import { Permission } from "./network_policy.ts";
import type { KubernetesObject, Pod } from "./objects.ts";
import type { Owners, OwnerStep } from "./owners.ts";
import type { Decision, Direction, Policies } from "./policies.ts";
import type { Store } from "./store.ts";
import { hasPorts } from "./transport_protocol.ts";

/** A flow that is asked about. */
export interface FlowQuestion {
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  /** IP protocol number. */
  protocol: number;
  /** Unix ms. */
  startMs: number;
  endMs: number;
}

export interface Explanation {
  source: EndExplanation;
  destination: EndExplanation;
  /** undefined: no network policy has a say. */
  ingress: PolicyExplanation | undefined;
  egress: PolicyExplanation | undefined;
}

export interface EndExplanation {
  address: string;
  port: number;
  /** What the end is called, without "source." or "destination.". */
  names: Attributes;
  unnamed: UnnamedReason | undefined;
  /** Whoever claims the address, or claimed it lately. */
  candidates: Candidate[];
  owners: OwnerExplanation[];
}

export interface ObjectName {
  kind: string;
  /** "" for an object of none. */
  namespace: string;
  name: string;
  uid: string;
}

export interface Candidate extends ObjectName {
  /** What the object is to the address. */
  role: string;
  /** Where the association rule found the address in the object. */
  path: string;
  /** Unix ms; toMs undefined: it still has the address. */
  fromMs: number;
  toMs: number | undefined;
  /** When weir heard of it. */
  seenMs: number;
  verdict: "named" | Refusal | "another_fits_better";
  /** How its time fits the flow's. */
  fit: string;
}

export interface OwnerExplanation {
  kind: string;
  name: string;
  uid: string;
  /** Whether the object itself is known, and with it its own owner. */
  known: boolean;
  /** Why it is not among the names; undefined: it is. */
  left: OwnerStep["left"];
}

export interface PolicyExplanation {
  verdict: Decision["verdict"];
  /** Every policy that isolates the pod, and whether it permits the flow. */
  policies: Array<{ namespace: string; name: string; permits: boolean | "unknown" }>;
}

const ROLE_NAMES: Record<number, string> = {
  [Role.POD]: "pod with the address",
  [Role.HOST]: "pod with the port of its node's address",
  [Role.NODE]: "node with the address",
  [Role.CLUSTER]: "service with the cluster address",
  [Role.EXTERNAL]: "service with the external address and port",
  [Role.NODE_PORT]: "service with the node port",
  [Role.ENDPOINT]: "endpoint with the address and port",
  [Role.INGRESS]: "ingress with the address",
  [Role.GATEWAY]: "gateway with the address",
};

const FIT_NAMES: Record<number, string> = {
  [Fit.AT_START]: "had the address when the flow began",
  [Fit.DURING]: "got the address while the flow ran",
  [Fit.JUST_ENDED]: "gave the address up just before the flow began",
  [Fit.JUST_BEGAN]: "got the address just after the flow ended",
  [Fit.NONE]: "had the address at another time",
};

export class Explainer {
  readonly #store: Store;
  readonly #owners: Owners;
  readonly #policies: Policies;

  constructor(store: Store, owners: Owners, policies: Policies) {
    this.#store = store;
    this.#owners = owners;
    this.#policies = policies;
  }

  /** names: what the end is called by whoever names it. */
  end(end: FlowEnd, found: FoundEnd, names: Attributes): EndExplanation {
    const { w0, w1, w2, w3, port, protocol } = end;
    const at = this.#store.ledger.index.find(w0, w1, w2, w3);
    const isNode = at !== undefined && isNodeAt(at, end);
    const own = this.#claims(w0, w1, w2, w3);
    const byPort = isNode && hasPorts(protocol) ? this.#claims(NODE_PORT_WORD, 0, 0, nodePortWord(port, protocol)) : [];
    return {
      address: new Ip(w0, w1, w2, w3).toString(),
      port,
      names,
      unnamed: found.unnamed,
      candidates: [...own, ...byPort].map((claim) => candidateOf(claim, end, found, isNode)),
      owners: found.pod ? this.#ownersOf(found.pod) : [],
    };
  }

  #claims(w0: number, w1: number, w2: number, w3: number): Claim[] {
    const claims: Claim[] = [];
    const address = this.#store.ledger.index.find(w0, w1, w2, w3);
    for (let claim = address?.first; claim; claim = claim.next) claims.push(claim);
    return claims;
  }

  #ownersOf(pod: Pod): OwnerExplanation[] {
    return this.#owners.of(pod).map(({ owner: { kind, name, uid }, object, left }) => (
      { kind, name, uid, known: object !== undefined, left }
    ));
  }

  policy(
    direction: Direction,
    [source, destination]: readonly [FlowEnd, FlowEnd],
    [from, to]: readonly [FoundEnd, FoundEnd],
  ): PolicyExplanation | undefined {
    const decision = this.#policies.decide(direction, source, from, destination, to);
    if (!decision) return undefined;
    const permissions = this.#policies.permissions(direction, source, from, destination, to);
    const policies = permissions.map(({ policy: { namespace, name }, permission }) => ({
      namespace,
      name,
      permits: permission === Permission.UNKNOWN ? "unknown" as const : permission === Permission.YES,
    }));
    return { verdict: decision.verdict, policies };
  }
}

function candidateOf(claim: Claim, end: FlowEnd, found: FoundEnd, isNode: boolean): Candidate {
  const { object, role, path, fromMs, toMs, seenMs } = claim;
  const { kind, namespace, name, uid } = object;
  const fit = fitOf(claim, end.startMs, end.endMs);
  return {
    ...{ kind, namespace, name, uid },
    role: ROLE_NAMES[role]!,
    path,
    fromMs,
    toMs: toMs === Infinity ? undefined : toMs,
    seenMs,
    verdict: verdictOf(claim, end, found, fit, isNode),
    fit: FIT_NAMES[fit]!,
  };
}

function verdictOf(
  claim: Claim,
  end: FlowEnd,
  found: FoundEnd,
  fit: number,
  isNode: boolean,
): Candidate["verdict"] {
  const refusal = portRefusal(claim, end, isNode);
  if (refusal) return refusal;
  if (fit === Fit.NONE) return "other_time";
  return isNamed(claim.object, found) ? "named" : "another_fits_better";
}

function isNamed(object: KubernetesObject, { pod, service, slice, node, ingress, gateway }: FoundEnd): boolean {
  return [pod, service, slice, node, ingress, gateway].includes(object);
}

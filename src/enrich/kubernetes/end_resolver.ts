/**
 * Who was at one end of a flow: of all claims to its address, for each role the one that fits the flow's time, port and
 * protocol best. Nothing is made in a look-up: what was found is read before the next.
 */
import type { Address, AddressIndex } from "./address_index.ts";
import { type Claim, Fit, fitOf, precedes, Role, ROLE_COUNT, SIDE_SOURCE } from "./claim.ts";
import { NODE_PORT_WORD, nodePortWord } from "./claim_ledger.ts";
import type { UnnamedReason } from "./counters.ts";
import {
  type Container,
  type ContainerPort,
  EndpointSlice,
  type Gateway,
  type KubernetesObject,
  type ListenerPort,
  Node,
  Pod,
  Service,
} from "./objects.ts";
import { passes } from "./port_filter.ts";
import type { Store } from "./store.ts";
import { hasPorts, TCP, UDP } from "./transport_protocol.ts";

/** One end of a flow. */
export interface FlowEnd {
  /** {@linkcode SIDE_SOURCE} or {@linkcode SIDE_DESTINATION}. */
  side: number;
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  /** 0 where the protocol has none. */
  port: number;
  protocol: number;
  /** 4 or 6. */
  version: number;
  /** When the flow began and was seen last, Unix ms. */
  startMs: number;
  endMs: number;
}

/** Why a claim does not name an end. */
export type Refusal = "other_side" | "other_port" | "filtered" | "other_time";

/** What was found. Valid until the next look-up. */
export class FoundEnd {
  pod: Pod | undefined;
  container: Container | undefined;
  service: Service | undefined;
  slice: EndpointSlice | undefined;
  node: Node | undefined;
  ingress: KubernetesObject | undefined;
  gateway: KubernetesObject | undefined;
  /** Why there is nothing; undefined when there is something. */
  unnamed: UnnamedReason | undefined;
  /** Who comes next may fit better: what was found had given the address up when the flow began. */
  isProvisional = false;

  clear(): void {
    this.isProvisional = false;
    this.pod =
      this.container =
      this.service =
      this.slice =
      this.node =
      this.ingress =
      this.gateway =
        undefined;
    this.unnamed = undefined;
  }

  /** What the end is, first of all. */
  get primary(): KubernetesObject | undefined {
    return this.pod ?? this.service ?? this.node ?? this.slice ?? this.ingress ?? this.gateway;
  }
}

/** Roles of which two at once mean that neither is sure. */
const SHARED_AT_WILL: ReadonlySet<number> = new Set([Role.HOST, Role.INGRESS, Role.GATEWAY]);

/** An ingress is HTTP, which is UDP's, too, as HTTP/3. Its object says no more of ports. */
const INGRESS_PORTS: readonly ListenerPort[] = [
  { port: 80, protocol: TCP },
  { port: 443, protocol: TCP },
  { port: 443, protocol: UDP },
];

export class EndResolver {
  readonly #index: AddressIndex;
  readonly #store: Store;
  readonly #best = Array<Claim | undefined>(ROLE_COUNT).fill(undefined);
  readonly #fits = new Uint8Array(ROLE_COUNT);
  readonly #isAmbiguous = new Uint8Array(ROLE_COUNT);

  constructor(store: Store) {
    this.#store = store;
    this.#index = store.ledger.index;
  }

  resolve(end: FlowEnd, found: FoundEnd): void {
    found.clear();
    const { w0, w1, w2, w3 } = end;
    const address = this.#index.find(w0, w1, w2, w3);
    if (!address) {
      found.unnamed = this.#index.isNear(w0, w1, w2, w3) ? "unknown" : "outside";
      return;
    }
    this.#best.fill(undefined);
    this.#isAmbiguous.fill(0);
    this.#weighAll(address, end);
    if (this.#best[Role.NODE] && !this.#best[Role.HOST] && hasPorts(end.protocol)) this.#weighNodePort(end);
    this.#read(end, found);
    if (!found.primary) found.unnamed = this.#whyNot(address, end);
  }

  #weighAll(address: Address, end: FlowEnd): void {
    const isNode = isNodeAt(address, end);
    for (let claim = address.first; claim; claim = claim.next) {
      if (portRefusal(claim, end, isNode) === undefined) this.#weigh(claim, fitOf(claim, end.startMs, end.endMs));
    }
  }

  #weighNodePort(end: FlowEnd): void {
    const ports = this.#index.find(NODE_PORT_WORD, 0, 0, nodePortWord(end.port, end.protocol));
    if (ports) this.#weighAll(ports, end);
  }

  #weigh(claim: Claim, fit: number): void {
    if (fit === Fit.NONE) return;
    const { role } = claim;
    const best = this.#best[role];
    if (best && fit > this.#fits[role]!) return;
    if (best && fit === this.#fits[role]) {
      if (SHARED_AT_WILL.has(role) && isRival(claim, best)) this.#isAmbiguous[role] = 1;
      if (!(role === Role.ENDPOINT ? comesFirst(claim, best) : precedes(claim, best, fit))) return;
      if (claim.object.isEnding !== best.object.isEnding) this.#isAmbiguous[role] = 0;
    } else {
      this.#isAmbiguous[role] = 0;
    }
    this.#best[role] = claim;
    this.#fits[role] = fit;
  }

  #object(role: number): KubernetesObject | undefined {
    return this.#isAmbiguous[role] ? undefined : this.#best[role]?.object;
  }

  #read({ port, protocol }: FlowEnd, found: FoundEnd): void {
    const own = this.#object(Role.POD);
    // whoever knows the process at this end would know the pod of the host better than its port does
    found.isProvisional = own !== undefined && this.#fits[Role.POD] === Fit.JUST_ENDED;
    found.pod = (own ?? this.#object(Role.HOST)) as Pod | undefined;
    found.slice = this.#object(Role.ENDPOINT) as EndpointSlice | undefined;
    found.ingress = this.#object(Role.INGRESS);
    found.gateway = this.#object(Role.GATEWAY);
    const service = this.#object(Role.CLUSTER) ?? this.#object(Role.EXTERNAL) ?? this.#object(Role.NODE_PORT);
    found.service = (service ?? this.#serviceOf(found.slice)) as Service | undefined;
    const node = found.pod ? this.#store.named("Node", found.pod.node) : this.#object(Role.NODE);
    found.node = node as Node | undefined;
    if (found.pod) found.container = containerAt(found.pod, !own, port, protocol);
  }

  #serviceOf(slice: EndpointSlice | undefined): KubernetesObject | undefined {
    return slice?.service ? this.#store.named("Service", slice.serviceKey) : undefined;
  }

  #whyNot(address: Address, end: FlowEnd): UnnamedReason {
    if (this.#isAmbiguous.some(Boolean)) return "ambiguous";
    const isNode = isNodeAt(address, end);
    for (let claim = address.first; claim; claim = claim.next) {
      if (!portRefusal(claim, end, isNode)) return "other_time";
    }
    return "other_port";
  }
}

/** Whether an address was a node's at a flow's time. */
export function isNodeAt({ first }: Address, { startMs, endMs }: FlowEnd): boolean {
  for (let claim = first; claim; claim = claim.next) {
    if (claim.role === Role.NODE && fitOf(claim, startMs, endMs) !== Fit.NONE) return true;
  }
  return false;
}

/** Why a claim does not name an end, its time aside; undefined: it may. isNode: the address is a node's, too. */
export function portRefusal({ role, sides, object }: Claim, end: FlowEnd, isNode: boolean): Refusal | undefined {
  if (!(sides & end.side)) return "other_side";
  if (!hasPort(role, object, end.port, end.protocol)) return "other_port";
  if (isNode && !hasListener(role, object, end.port, end.protocol)) return "other_port";
  // whose address it is alone needs no port to be told by
  if (role === Role.POD) return undefined;
  const filter = end.side === SIDE_SOURCE ? object.filters?.source : object.filters?.destination;
  return passes(filter, end.port, end.protocol, end.version) ? undefined : "filtered";
}

/** Whether an object has the port, in roles where the address alone says too little. */
function hasPort(role: number, object: KubernetesObject, port: number, protocol: number): boolean {
  switch (role) {
    case Role.HOST:
      return isDeclared(object as Pod, port, protocol);
    case Role.EXTERNAL:
      return isAmong((object as Service).ports, port, protocol);
    case Role.ENDPOINT:
      return hasEndpointPort(object as EndpointSlice, port, protocol);
    default:
      return true;
  }
}

/** An ingress or a gateway may publish its nodes' addresses: of all their traffic that of its ports is its own. */
function hasListener(role: number, object: KubernetesObject, port: number, protocol: number): boolean {
  switch (role) {
    case Role.INGRESS:
      return isAmong(INGRESS_PORTS, port, protocol);
    case Role.GATEWAY:
      return isAmong((object as Gateway).ports, port, protocol);
    default:
      return true;
  }
}

function isDeclared({ containers, hostNetwork }: Pod, port: number, protocol: number): boolean {
  for (const { ports } of containers) {
    for (const own of ports) if (own.protocol === protocol && hostPortOf(own, hostNetwork) === port) return true;
  }
  return false;
}

/** The port of the node that leads to a container's; NaN: none. */
function hostPortOf({ port, hostPort }: ContainerPort, hostNetwork: boolean): number {
  return hostPort || (hostNetwork ? port : NaN);
}

function hasEndpointPort({ ports }: EndpointSlice, port: number, protocol: number): boolean {
  return ports.length === 0 || isAmong(ports, port, protocol);
}

function isAmong(ports: readonly ListenerPort[], port: number, protocol: number): boolean {
  for (const own of ports) if (own.port === port && own.protocol === protocol) return true;
  return false;
}

/** byHost: the port is the node's. */
function containerAt({ containers, hostNetwork }: Pod, byHost: boolean, port: number, protocol: number) {
  for (const container of containers) {
    for (const own of container.ports) {
      const at = byHost ? hostPortOf(own, hostNetwork) : own.port;
      if (own.protocol === protocol && at === port) return container;
    }
  }
  return undefined;
}

/** Whether two claims are of different objects that are equally alive. */
function isRival(a: Claim, b: Claim): boolean {
  return a.object.uid !== b.object.uid && a.object.isEnding === b.object.isEnding;
}

/** Which of the services behind an endpoint is named: the same one on every node. */
function comesFirst(a: Claim, b: Claim): boolean {
  const [one, other] = [a.object as EndpointSlice, b.object as EndpointSlice];
  if (one.service !== other.service) return one.service < other.service;
  return one.name < other.name;
}

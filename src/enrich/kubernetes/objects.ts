/**
 * Objects as they are kept: what names, claims and policies need, no more. They do not change: when a new version of
 * one comes and differs, it takes the old one's place.
 */
import type { Claim } from "./claim.ts";
import type { KindName } from "./kinds.ts";
import type { Labels, LabelSelector } from "./label_selector.ts";
import type { NetworkPolicyRules } from "./network_policy.ts";
import type { Cidr } from "./ip.ts";
import type { SideFilters } from "./port_filter.ts";

/** What an object is found by beside its uid. Of those without a namespace the name is it: nothing has to be made. */
export function keyOf(namespace: string, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export interface Owner {
  /** Of the API; "" for the core group. Others have kinds of the same names. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What every object has. */
export interface Metadata {
  readonly kind: KindName;
  readonly uid: string;
  readonly name: string;
  /** "" for an object of none. */
  readonly namespace: string;
  readonly createdMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The controller, or else the first owner. */
  readonly owner: Owner | undefined;
}

/** What an object has that names it by rules other than the address. */
export class KubernetesObject implements Metadata {
  readonly kind: KindName;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly owner: Owner | undefined;
  /** Ports and protocols that association rules ask for; undefined: none do. */
  readonly filters: SideFilters | undefined;
  /** Labels by which a selector relation finds pods; undefined: it is in none, or matches none. */
  readonly selector: LabelSelector | undefined;
  claims: Claim[] = NO_CLAIMS;
  /** Nothing while it is there: a number of its own would cost each 16 bytes. */
  #goneMs: number | undefined;
  /** The list that it was last seen in. */
  round = 0;

  constructor(metadata: Metadata, filters: SideFilters | undefined, selector?: LabelSelector) {
    this.kind = metadata.kind;
    this.uid = metadata.uid;
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.createdMs = metadata.createdMs;
    this.labels = metadata.labels;
    this.annotations = metadata.annotations;
    this.owner = metadata.owner;
    this.filters = filters;
    this.selector = selector;
  }

  /** Unix ms; Infinity while it is there. */
  get goneMs(): number {
    return this.#goneMs ?? Infinity;
  }

  end(atMs: number): void {
    this.#goneMs = atMs;
  }

  /** It is about to go: another one with its address lives. */
  get isEnding(): boolean {
    return this.goneMs !== Infinity;
  }

  /** Whether the other says the same. Parts that are interned are compared by identity: a miss costs little. */
  equals(other: this): boolean {
    return this.name === other.name && this.labels === other.labels && this.annotations === other.annotations &&
      this.owner === other.owner && this.filters === other.filters && this.selector === other.selector;
  }
}

const NO_CLAIMS: Claim[] = [];

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly ContainerPort[];
}

export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  /** 0: none. */
  readonly hostPort: number;
  readonly protocol: number;
}

export interface PodState {
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly containers: readonly Container[];
  readonly startedMs: number;
  /** It was told to end. */
  readonly terminating: boolean;
  /** When its containers have ended for good, Unix ms; Infinity while they run; 0: they have, nobody knows when. */
  readonly endedMs: number;
}

export class Pod extends KubernetesObject implements PodState {
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly containers: readonly Container[];
  readonly startedMs: number;
  readonly terminating: boolean;
  readonly #endedMs: number | undefined;

  constructor(metadata: Metadata, filters: SideFilters | undefined, state: PodState) {
    super(metadata, filters);
    this.node = state.node;
    this.hostNetwork = state.hostNetwork;
    this.containers = state.containers;
    this.startedMs = state.startedMs;
    this.terminating = state.terminating;
    this.#endedMs = state.endedMs === Infinity ? undefined : state.endedMs;
  }

  get endedMs(): number {
    return this.#endedMs ?? Infinity;
  }

  override get isEnding(): boolean {
    return this.terminating || this.endedMs !== Infinity || super.isEnding;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.node === other.node && this.hostNetwork === other.hostNetwork &&
      this.containers === other.containers && this.terminating === other.terminating &&
      this.endedMs === other.endedMs;
  }
}

export interface ServicePort {
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly protocol: number;
}

export class Service extends KubernetesObject {
  readonly ports: readonly ServicePort[];

  constructor(
    metadata: Metadata,
    filters: SideFilters | undefined,
    selector: LabelSelector | undefined,
    ports: readonly ServicePort[],
  ) {
    super(metadata, filters, selector);
    this.ports = ports;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.ports === other.ports;
  }
}

export interface EndpointPort {
  readonly port: number;
  readonly protocol: number;
}

/** An endpoint slice, or Endpoints of the older kind. */
export class EndpointSlice extends KubernetesObject {
  /** The service's name, in the same namespace; "" for none. */
  readonly service: string;
  /** What the service is found by. */
  readonly serviceKey: string;
  /** Empty: every port. */
  readonly ports: readonly EndpointPort[];

  constructor(
    metadata: Metadata,
    filters: SideFilters | undefined,
    service: string,
    ports: readonly EndpointPort[],
  ) {
    super(metadata, filters);
    this.service = service;
    this.serviceKey = keyOf(metadata.namespace, service);
    this.ports = ports;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.service === other.service && this.ports === other.ports;
  }
}

export interface ListenerPort {
  readonly port: number;
  readonly protocol: number;
}

export class Gateway extends KubernetesObject {
  readonly ports: readonly ListenerPort[];

  constructor(metadata: Metadata, filters: SideFilters | undefined, ports: readonly ListenerPort[]) {
    super(metadata, filters);
    this.ports = ports;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.ports === other.ports;
  }
}

export class Node extends KubernetesObject {
  /** The first of its addresses that others in the cluster reach it by; "" for none. */
  readonly address: string;
  /** Where its pods' addresses come from, if it says so. */
  readonly podRanges: readonly Cidr[];

  constructor(
    metadata: Metadata,
    filters: SideFilters | undefined,
    address: string,
    podRanges: readonly Cidr[],
  ) {
    super(metadata, filters);
    this.address = address;
    this.podRanges = podRanges;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.address === other.address && this.podRanges === other.podRanges;
  }
}

export class NetworkPolicy extends KubernetesObject {
  readonly rules: NetworkPolicyRules;

  constructor(metadata: Metadata, selector: LabelSelector | undefined, rules: NetworkPolicyRules) {
    super(metadata, undefined, selector);
    this.rules = rules;
  }

  override equals(other: this): boolean {
    return super.equals(other) && this.rules === other.rules;
  }
}

/** Objects as the API server sends them become objects as they are kept: all else is forgotten on arrival. */
import { INTERNED_VALUES } from "../../limits.ts";
import type { KindAssociation, Want } from "./association.ts";
import { type Extraction, wantedKeys } from "./extraction.ts";
import { Interner } from "./interner.ts";
import { type Cidr, parseCidr } from "./ip.ts";
import type { Kind } from "./kinds.ts";
import { type Labels, NO_LABELS } from "./label_selector.ts";
import { readNetworkPolicy } from "./network_policy.ts";
import {
  type Container,
  type EndpointPort,
  EndpointSlice,
  Gateway,
  KubernetesObject,
  type ListenerPort,
  type Metadata,
  NetworkPolicy,
  Node,
  type Owner,
  Pod,
  Service,
  type ServicePort,
} from "./objects.ts";
import type {
  RawContainer,
  RawEndpointPort,
  RawEndpoints,
  RawEndpointSlice,
  RawGateway,
  RawMetadata,
  RawNetworkPolicy,
  RawNode,
  RawObject,
  RawOwner,
  RawPod,
  RawService,
} from "./raw_object.ts";
import type { SelectorRelations } from "./selector_relations.ts";
import type { SideFilters } from "./port_filter.ts";
import { endedMs } from "./pod_times.ts";
import { timeMs } from "./time.ts";
import { protocolOf } from "./transport_protocol.ts";

export interface Stripped {
  readonly object: KubernetesObject;
  readonly wants: readonly Want[];
}

const SERVICE_LABEL = "kubernetes.io/service-name";

export class Stripper {
  readonly #extractions: readonly Extraction[];
  readonly #relations: SelectorRelations;
  /** Kinds of which policies and relations need all labels. */
  readonly #matchedByLabels: ReadonlySet<string>;
  readonly #texts = new Interner<string>(INTERNED_VALUES);
  readonly #labels = new Interner<Labels>(INTERNED_VALUES);
  readonly #owners = new Interner<Owner>(INTERNED_VALUES);
  readonly #lists = new Interner<readonly unknown[]>(INTERNED_VALUES);
  readonly #parsed = new Interner<object>(INTERNED_VALUES);

  constructor(
    extractions: readonly Extraction[],
    relations: SelectorRelations,
    matchedByLabels: ReadonlySet<string>,
  ) {
    this.#extractions = extractions;
    this.#relations = relations;
    this.#matchedByLabels = matchedByLabels;
  }

  /**
   * known: the version before, which most often says most of the same: what it says is not looked for again. nowMs: for
   * whoever does not say when it was created.
   */
  strip(
    kind: Kind,
    raw: RawObject,
    association: KindAssociation | undefined,
    known: KubernetesObject | undefined,
    nowMs: number,
  ): Stripped {
    const metadata = this.#metadata(kind, raw.metadata ?? {}, known, nowMs);
    const filters = association?.filters(raw);
    return { object: this.#object(kind, raw, metadata, filters, known), wants: association?.wants(raw) ?? [] };
  }

  #object(
    kind: Kind,
    raw: RawObject,
    metadata: Metadata,
    filters: SideFilters | undefined,
    known: KubernetesObject | undefined,
  ): KubernetesObject {
    const selector = this.#relations.selectorIn(kind.name, raw);
    switch (kind.name) {
      case "Pod":
        return this.#pod(raw, metadata, filters, known as Pod | undefined);
      case "Service":
        return new Service(metadata, filters, selector, this.#servicePorts(raw));
      case "EndpointSlice": {
        const service = this.#text(raw.metadata?.labels?.[SERVICE_LABEL]);
        return new EndpointSlice(metadata, filters, service, this.#ports((raw as RawEndpointSlice).ports));
      }
      case "Endpoints": {
        const ports = (raw as RawEndpoints).subsets?.flatMap(({ ports }) => ports ?? []);
        return new EndpointSlice(metadata, filters, metadata.name, this.#ports(ports));
      }
      case "Gateway":
        return new Gateway(metadata, filters, this.#listenerPorts(raw));
      case "Node":
        return this.#node(raw, metadata, filters);
      case "NetworkPolicy": {
        const { spec } = raw as RawNetworkPolicy;
        const rules = this.#once(this.#parsed, spec, () => readNetworkPolicy(raw));
        return new NetworkPolicy(metadata, selector, rules as NetworkPolicy["rules"]);
      }
      default:
        return new KubernetesObject(metadata, filters, selector);
    }
  }

  #metadata(kind: Kind, raw: RawMetadata, known: KubernetesObject | undefined, nowMs: number): Metadata {
    const owners = raw.ownerReferences ?? [];
    const labels = raw.labels && this.#matchedByLabels.has(kind.name)
      ? raw.labels
      : wantedKeys(this.#extractions, kind.word, "labels", raw.labels);
    const annotations = wantedKeys(this.#extractions, kind.word, "annotations", raw.annotations);
    return {
      kind: kind.name,
      uid: known?.uid ?? String(raw.uid ?? ""),
      name: String(raw.name ?? ""),
      namespace: this.#text(raw.namespace),
      createdMs: known?.createdMs ?? timeMs(raw.creationTimestamp) ?? nowMs,
      labels: this.#labelsOnce(labels, known?.labels),
      annotations: this.#labelsOnce(annotations, known?.annotations),
      owner: this.#owner(owners.find(({ controller }) => controller) ?? owners[0], known?.owner),
    };
  }

  #labelsOnce(labels: Labels, known: Labels | undefined): Labels {
    if (labels === NO_LABELS) return labels;
    if (known && isSameLabels(known, labels)) return known;
    return this.#labels.get(JSON.stringify(labels), () => labels);
  }

  #owner(raw: RawOwner | undefined, known: Owner | undefined): Owner | undefined {
    if (!raw?.uid) return undefined;
    if (known?.uid === raw.uid && known.name === raw.name && known.kind === raw.kind) return known;
    const [kind, name, uid] = [this.#text(raw.kind), String(raw.name ?? ""), String(raw.uid)];
    const group = this.#text(groupOf(raw.apiVersion));
    return this.#owners.get(`${group}/${kind}/${name}/${uid}`, () => ({ group, kind, name, uid }));
  }

  /** What is no text counts as none. */
  #text(value: unknown): string {
    return typeof value === "string" ? this.#texts.get(value, () => value) : "";
  }

  /** Equal contents once. */
  #once<Value>(values: Interner<Value>, raw: unknown, make: () => Value): Value {
    return values.get(JSON.stringify(raw) ?? "", make);
  }

  #pod(raw: RawPod, metadata: Metadata, filters: SideFilters | undefined, known: Pod | undefined): Pod {
    const [spec, status] = [raw.spec ?? {}, raw.status ?? {}];
    return new Pod(metadata, filters, {
      node: this.#text(spec.nodeName),
      hostNetwork: spec.hostNetwork === true,
      containers: this.#containers(spec, known),
      startedMs: timeMs(status.startTime) ?? metadata.createdMs,
      terminating: Boolean(raw.metadata?.deletionTimestamp),
      endedMs: endedMs(raw),
    });
  }

  /** Of a pod, containers and their ports stay what they are; an image may change. */
  #containers(spec: NonNullable<RawPod["spec"]>, known: Pod | undefined): readonly Container[] {
    // a sidecar is an init container that stays
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
    const raw = [...spec.containers ?? [], ...sidecars];
    const isSame = known?.containers.length === raw.length &&
      known.containers.every(({ name, image }, place) => name === raw[place]!.name && image === raw[place]!.image);
    if (isSame) return known.containers;
    const containers = raw.map(containerOf);
    return this.#once(this.#lists, containers, () => containers) as Container[];
  }

  #servicePorts({ spec }: RawService): readonly ServicePort[] {
    const ports = (spec?.ports ?? []).map(({ port = 0, nodePort = 0, protocol }) => ({
      port,
      nodePort,
      protocol: protocolOf(protocol),
    }));
    return this.#once(this.#lists, ports, () => ports) as ServicePort[];
  }

  #ports(raw: readonly RawEndpointPort[] | null | undefined): readonly EndpointPort[] {
    const ports = (raw ?? []).flatMap(({ port, protocol }) => port ? [{ port, protocol: protocolOf(protocol) }] : []);
    return this.#once(this.#lists, ports, () => ports) as EndpointPort[];
  }

  #listenerPorts({ spec }: RawGateway): readonly ListenerPort[] {
    const ports = (spec?.listeners ?? []).flatMap(({ port, protocol }) =>
      port ? transportsOf(protocol).map((transport) => ({ port, protocol: protocolOf(transport) })) : []
    );
    return this.#once(this.#lists, ports, () => ports) as ListenerPort[];
  }

  #node({ spec, status }: RawNode, metadata: Metadata, filters: SideFilters | undefined): Node {
    const addresses = status?.addresses ?? [];
    const ofType = (wanted: string) => addresses.find(({ type }) => type === wanted)?.address;
    // no host name, which may be all that a node has
    const ip = ofType("InternalIP") ?? ofType("ExternalIP");
    const texts = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []);
    const ranges = this.#once(this.#lists, ["ranges", ...texts], () => texts.flatMap((text) => parseCidr(text) ?? []));
    return new Node(metadata, filters, this.#text(ip), ranges as Cidr[]);
  }
}

function isSameLabels(known: Labels, labels: Labels): boolean {
  let count = 0;
  for (const key in labels) {
    if (known[key] !== labels[key]) return false;
    count++;
  }
  for (const _ in known) count--;
  return count === 0;
}

/** "apps/v1" is of "apps", "v1" of the core. */
function groupOf(apiVersion = ""): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** What a listener's protocol goes over: HTTPS may be HTTP/3; all but UDP are TCP's. */
function transportsOf(protocol: string | undefined): string[] {
  if (protocol === "HTTPS") return ["TCP", "UDP"];
  return [protocol === "UDP" ? "UDP" : "TCP"];
}

function containerOf({ name = "", image = "", ports }: RawContainer): Container {
  return {
    name: String(name),
    image: String(image),
    ports: (ports ?? []).flatMap(({ name = "", containerPort, hostPort = 0, protocol }) =>
      containerPort ? [{ name: String(name), port: containerPort, hostPort, protocol: protocolOf(protocol) }] : []
    ),
  };
}

/**
 * What was found at a flow's end, as attributes without "source." or "destination." in front: every name that comes from
 * Kubernetes is made here.
 */
import type { Attributes, AttributeValue } from "../../attribute_sets.ts";
import type { FoundEnd } from "./end_resolver.ts";
import type { Extraction } from "./extraction.ts";
import { kindOf } from "./kinds.ts";
import type { Labels } from "./label_selector.ts";
import type { Container, KubernetesObject, Owner } from "./objects.ts";
import type { Owners } from "./owners.ts";
import type { SelectorRelations } from "./selector_relations.ts";
import type { Store } from "./store.ts";

export interface AttributeParts {
  store: Store;
  owners: Owners;
  relations: SelectorRelations;
  clusterName: string | undefined;
  standardNames: boolean;
}

export class EndAttributes {
  readonly #parts: AttributeParts;
  readonly #extraction: Extraction;
  #attributes: Record<string, AttributeValue> = {};

  constructor(extraction: Extraction, parts: AttributeParts) {
    this.#extraction = extraction;
    this.#parts = parts;
  }

  /** Empty when nothing is to be extracted of what was found. */
  of(found: FoundEnd): Attributes {
    this.#attributes = {};
    const { pod, container, service, slice, node, ingress, gateway } = found;
    const { standardNames } = this.#parts;
    this.#namespace(pod ?? service ?? slice ?? ingress ?? gateway);
    this.#object("pod", pod);
    if (container) this.#container(container);
    if (pod?.node && this.#extraction.has("pod", "node_name")) this.#set("k8s.node.name", pod.node);
    if (pod) this.#owners(pod);
    if (pod) this.#related(pod);
    this.#object("service", service);
    // the service itself may not be known: weir may see slices and no services
    if (slice?.service && this.#extraction.has("service", "name")) this.#set("k8s.service.name", slice.service);
    this.#object("endpointslice", slice?.kind === "EndpointSlice" ? slice : undefined);
    this.#object("ingress", ingress);
    this.#object("gateway", gateway);
    this.#object("node", node);
    this.#cluster();
    if (standardNames) this.#standard(found);
    return this.#attributes;
  }

  #set(name: string, value: string): void {
    this.#attributes[name] ??= value;
  }

  #object(word: string, object: KubernetesObject | undefined): void {
    if (object) this.#names(word, object, object);
  }

  #names(word: string, { name, uid }: Pick<Owner, "name" | "uid">, object: KubernetesObject | undefined): void {
    if (this.#extraction.has(word, "name")) this.#set(`k8s.${word}.name`, name);
    if (this.#extraction.has(word, "uid")) this.#set(`k8s.${word}.uid`, uid);
    if (object) this.#keys(word, object);
  }

  #keys(word: string, { labels, annotations }: KubernetesObject): void {
    this.#ofKeys(word, "labels", "label", labels);
    this.#ofKeys(word, "annotations", "annotations", annotations);
  }

  #ofKeys(word: string, field: "labels" | "annotations", part: string, values: Labels): void {
    if (!this.#extraction.hasKeys(field)) return;
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === "string" && this.#extraction.wantsKey(word, field, key)) {
        this.#set(`k8s.${word}.${part}.${key}`, value);
      }
    }
  }

  #namespace(object: KubernetesObject | undefined): void {
    if (!object?.namespace) return;
    const word = kindOf(object.kind)!.word;
    if (this.#extraction.has(word, "namespace")) this.#set("k8s.namespace.name", object.namespace);
    const namespace = this.#parts.store.named("Namespace", object.namespace);
    if (!namespace) return;
    if (this.#extraction.has("namespace", "uid")) this.#set("k8s.namespace.uid", namespace.uid);
    this.#keys("namespace", namespace);
  }

  #container({ name, image }: Container): void {
    if (!this.#extraction.has("container", "name")) return;
    this.#set("k8s.container.name", name);
    this.#set("container.name", name);
    const { repository, tag } = readImage(image);
    if (repository) this.#set("container.image.name", repository);
    if (tag) this.#attributes["container.image.tags"] = [tag];
  }

  #owners(pod: KubernetesObject): void {
    for (const { owner, object, word, left } of this.#parts.owners.of(pod)) {
      if (!left) this.#names(word, owner, object);
    }
  }

  /** Objects whose selectors match the pod's labels: of each kind the oldest. */
  #related(pod: KubernetesObject): void {
    const { relations, store } = this.#parts;
    for (const kind of relations.kinds()) {
      let oldest: KubernetesObject | undefined;
      for (const object of store.inNamespace(kind, pod.namespace)) {
        if (object.selector?.matches(pod.labels) && (!oldest || isOlder(object, oldest))) oldest = object;
      }
      this.#object(kind.toLowerCase(), oldest);
    }
  }

  #cluster(): void {
    const { clusterName, store } = this.#parts;
    const uid = store.clusterUid;
    if (uid && this.#extraction.has("cluster", "uid")) this.#set("k8s.cluster.uid", uid);
    if (clusterName) this.#set("k8s.cluster.name", clusterName);
  }

  /** The names of OpenTelemetry's network flow conventions, where they say it in another way. */
  #standard({ pod, service, node, primary }: FoundEnd): void {
    if (!primary) return;
    const owner = pod ? this.#parts.owners.of(pod).at(-1)?.owner ?? pod : service ?? primary;
    this.#set("k8s.owner.name", owner.name);
    this.#set("k8s.owner.type", owner.kind);
    this.#set("k8s.resource.type", primary.kind);
    if (node?.address) this.#set("k8s.node.ip", node.address);
  }
}

function isOlder(a: KubernetesObject, b: KubernetesObject): boolean {
  return a.createdMs !== b.createdMs ? a.createdMs < b.createdMs : a.name < b.name;
}

/** An image reference without its digest, its tag apart: a colon behind the last slash begins one. */
function readImage(image: string): { repository: string; tag: string } {
  const [reference = ""] = image.split("@");
  const [, repository = reference, tag = ""] = /^(.*):([^/:]+)$/s.exec(reference) ?? [];
  return { repository, tag };
}

/**
 * What was found at a flow's end, as attributes without "source." or "destination." in front: every name that comes from
 * Kubernetes is made here.
 */
import type { Attributes, AttributeValue } from "../../attribute_sets.ts";
import { nameRefusal } from "./attribute_name.ts";
import type { Counters } from "./counters.ts";
import type { FoundEnd } from "./end_resolver.ts";
import { type Extraction, KEY_FIELDS } from "./extraction.ts";
import type { Extracted } from "./key_extractor.ts";
import { kindOf } from "./kinds.ts";
import type { Container, KubernetesObject, Owner } from "./objects.ts";
import type { Owners } from "./owners.ts";
import type { SelectorRelations } from "./selector_relations.ts";
import type { Store } from "./store.ts";

export interface AttributeParts {
  store: Store;
  counters: Counters;
  owners: Owners;
  relations: SelectorRelations;
  clusterName: string | undefined;
  standardNames: boolean;
}

export class EndAttributes {
  readonly #parts: AttributeParts;
  readonly #extraction: Extraction;
  /** No plain object: labels may make names as "constructor". */
  readonly #attributes = new Map<string, AttributeValue>();
  /** Whose labels and annotations are extracted, by kind: the first of each, which is the one that is named. */
  readonly #keyed = new Map<string, KubernetesObject>();

  constructor(extraction: Extraction, parts: AttributeParts) {
    this.#extraction = extraction;
    this.#parts = parts;
  }

  /** Empty when nothing is to be extracted of what was found. */
  of(found: FoundEnd): Attributes {
    this.#attributes.clear();
    this.#keyed.clear();
    const { pod, container, service, slice, node, ingress, gateway } = found;
    const { standardNames } = this.#parts;
    const namespace = this.#namespace(pod ?? service ?? slice ?? ingress ?? gateway);
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
    // what is nearest to the flow comes first
    this.#keys("namespace", namespace);
    this.#cluster();
    if (standardNames) this.#standard(found);
    this.#extractKeys();
    return Object.fromEntries(this.#attributes);
  }

  #set(name: string, value: AttributeValue): void {
    if (!this.#attributes.has(name)) this.#attributes.set(name, value);
  }

  #object(word: string, object: KubernetesObject | undefined): void {
    if (object) this.#names(word, object, object);
  }

  #names(word: string, { name, uid }: Pick<Owner, "name" | "uid">, object: KubernetesObject | undefined): void {
    if (this.#extraction.has(word, "name")) this.#set(`k8s.${word}.name`, name);
    if (this.#extraction.has(word, "uid")) this.#set(`k8s.${word}.uid`, uid);
    this.#keys(word, object);
  }

  #keys(word: string, object: KubernetesObject | undefined): void {
    if (object && !this.#keyed.has(word)) this.#keyed.set(word, object);
  }

  #extractKeys(): void {
    for (const field of KEY_FIELDS) {
      for (const extractor of this.#extraction.extractors(field)) {
        for (const [word, object] of this.#keyed) {
          for (const [key, value] of Object.entries(object[field])) {
            const extracted = typeof value === "string" ? extractor.extract(word, key, value) : undefined;
            if (extracted) this.#add(extracted);
          }
        }
      }
    }
  }

  #add({ name, value }: Extracted): void {
    const { unextracted } = this.#parts.counters;
    const refusal = nameRefusal(name);
    if (refusal) unextracted[refusal]++;
    else if (!this.#attributes.has(name)) this.#attributes.set(name, value);
    else if (this.#attributes.get(name) !== value) unextracted.other_value++;
  }

  /** The namespace, where it is known. */
  #namespace(object: KubernetesObject | undefined): KubernetesObject | undefined {
    if (!object?.namespace) return undefined;
    const word = kindOf(object.kind)!.word;
    if (this.#extraction.has(word, "namespace")) this.#set("k8s.namespace.name", object.namespace);
    const namespace = this.#parts.store.named("Namespace", object.namespace);
    if (namespace && this.#extraction.has("namespace", "uid")) this.#set("k8s.namespace.uid", namespace.uid);
    return namespace;
  }

  #container({ name, image }: Container): void {
    if (!this.#extraction.has("container", "name")) return;
    this.#set("k8s.container.name", name);
    this.#set("container.name", name);
    const { repository, tag } = readImage(image);
    if (repository) this.#set("container.image.name", repository);
    if (tag) this.#set("container.image.tags", [tag]);
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

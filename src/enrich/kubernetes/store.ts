/**
 * All objects that are known, by kind and uid, and what they are found by. Deleted ones are remembered for a while:
 * flows that they had are still to be named.
 */
import { MISSED_OWNERS_MAX } from "../../limits.ts";
import { AgingMap } from "./aging_map.ts";
import type { KindAssociation } from "./association.ts";
import { ClaimLedger } from "./claim_ledger.ts";
import type { Counters } from "./counters.ts";
import { type Kind, type KindName, KINDS } from "./kinds.ts";
import { type Labels, NO_LABELS } from "./label_selector.ts";
import { keyOf, type KubernetesObject, NetworkPolicy, Node, type Owner } from "./objects.ts";
import type { ObjectFilter } from "./object_filter.ts";
import type { RawObject } from "./raw_object.ts";
import type { Stripper } from "./strip.ts";
import { CidrSet, type IpWords } from "./ip.ts";

export interface StoreParts {
  filter: ObjectFilter;
  stripper: Stripper;
  association: ReadonlyMap<KindName, KindAssociation>;
  counters: Counters;
  /** Kinds of which objects name pods that they select. */
  related: readonly KindName[];
  memoryMs: number;
  nowMs: () => number;
}

/** Kinds that are found by name, and those that are looked through by namespace. */
const NAMED: ReadonlySet<KindName> = new Set(["Namespace", "Node", "Service"]);
/** What changes without changing any other object's names. */
const NAMES_NOBODY_ELSE: ReadonlySet<KindName> = new Set(["Pod", "EndpointSlice", "Endpoints", "NetworkPolicy"]);

export class Store {
  readonly ledger: ClaimLedger;
  readonly #parts: StoreParts;
  readonly #objects = new Map<KindName, Map<string, KubernetesObject>>();
  readonly #names = new Map<KindName, Map<string, KubernetesObject>>();
  /** Of kinds that are looked through: by namespace. */
  readonly #namespaces = new Map<KindName, Map<string, Set<KubernetesObject>>>();
  readonly #gone: KubernetesObject[] = [];
  /** Those of them that flows of before are still to be judged by. */
  readonly #gonePolicies = new Set<KubernetesObject>();
  /**
   * Owners that were looked for and are not known, by uid: when one comes, what it owns is called otherwise. Most never
   * come, as jobs that are deleted before their pods.
   */
  readonly #missedOwners = new AgingMap<true>(MISSED_OWNERS_MAX);
  #podRanges: CidrSet | undefined;
  /** Lists so far: an object's round is that of the last one it was in. */
  #round = 0;
  #generation = 1;
  #policyGeneration = 1;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.ledger = new ClaimLedger(parts.memoryMs);
    for (const { name } of KINDS) this.#objects.set(name, new Map());
    for (const name of NAMED) this.#names.set(name, new Map());
    for (const name of ["NetworkPolicy", ...parts.related] as const) this.#namespaces.set(name, new Map());
  }

  /** Grows when what objects are called by others may have changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Grows when other policies may isolate a pod, or may have done. */
  get policyGeneration(): number {
    return this.#policyGeneration;
  }

  count(kind: KindName): number {
    return this.#objects.get(kind)!.size;
  }

  get goneCount(): number {
    return this.#gone.length;
  }

  /** Takes an object in, or its next version. */
  put(kind: Kind, raw: RawObject): void {
    const { filter, counters } = this.#parts;
    const { namespace = "", labels, uid } = raw.metadata ?? {};
    if (!uid) {
      counters.refused(kind.name, "no_uid");
      return;
    }
    if (!filter.accepts(kind.name, namespace, labels ?? NO_LABELS)) {
      counters.refused(kind.name, "not_selected");
      this.delete(kind, raw);
      return;
    }
    const known = this.#objects.get(kind.name)!.get(uid);
    try {
      this.#take(kind, raw, known);
    } catch (error) {
      if (known) this.#distrust(known);
      throw error;
    }
  }

  #take(kind: Kind, raw: RawObject, known: KubernetesObject | undefined): void {
    const { stripper, association, counters, nowMs } = this.#parts;
    const now = nowMs();
    const { object, wants } = stripper.strip(kind, raw, association.get(kind.name), known, now);
    if (known && known.goneMs === Infinity && known.equals(object) && !this.ledger.differs(known, raw, wants)) {
      known.round = this.#round;
      counters.unchanged(kind.name);
      return;
    }
    object.round = this.#round;
    this.ledger.renew(object, known, raw, wants, now);
    this.#remember(object, known);
  }

  /** It is there, and nobody can tell what it is now: what it claimed may be somebody else's. */
  #distrust(known: KubernetesObject): void {
    known.round = this.#round;
    this.ledger.end(known, known, this.#parts.nowMs());
  }

  #remember(object: KubernetesObject, known: KubernetesObject | undefined): void {
    const { kind, uid, namespace } = object;
    this.#objects.get(kind)!.set(uid, object);
    this.#names.get(kind)?.set(keyOf(namespace, object.name), object);
    const namespaces = this.#namespaces.get(kind);
    if (namespaces) {
      let all = namespaces.get(namespace);
      if (!all) namespaces.set(namespace, all = new Set());
      if (known) all.delete(known);
      all.add(object);
    }
    this.#changed(object, known);
  }

  #changed({ kind, uid }: KubernetesObject, known: KubernetesObject | undefined): void {
    if (kind === "NetworkPolicy") this.#policiesChanged(known);
    if (kind === "Node") this.#podRanges = undefined;
    const wasMissed = this.#missedOwners.delete(uid);
    const isRelated = this.#parts.related.includes(kind);
    if (wasMissed || isRelated || !NAMES_NOBODY_ELSE.has(kind) && (known || NAMED.has(kind))) this.#generation++;
  }

  /** The object is not there any more. It keeps its names for flows that it had. */
  delete(kind: Kind, raw: RawObject): void {
    const known = this.#objects.get(kind.name)!.get(raw.metadata?.uid ?? "");
    if (!known || known.goneMs !== Infinity) return;
    this.#end(known, this.#lastVersion(kind, raw, known));
  }

  /** An object's last version may say when its containers ended. It is gone even where that cannot be read. */
  #lastVersion(kind: Kind, raw: RawObject, known: KubernetesObject): KubernetesObject {
    const { stripper, association, nowMs } = this.#parts;
    try {
      return stripper.strip(kind, raw, association.get(kind.name), known, nowMs()).object;
    } catch {
      return known;
    }
  }

  #end(known: KubernetesObject, last: KubernetesObject): void {
    const now = this.#parts.nowMs();
    known.end(now);
    this.ledger.end(known, last, now);
    this.#gone.push(known);
    const { kind, namespace } = known;
    this.#namespaces.get(kind)?.get(namespace)?.delete(known);
    if (kind === "NetworkPolicy") {
      this.#gonePolicies.add(known);
      this.#policyGeneration++;
    }
    if (this.#parts.related.includes(kind)) this.#generation++;
    if (kind === "Node") this.#podRanges = undefined;
  }

  /** A list of a kind begins. */
  beginList(): number {
    return ++this.#round;
  }

  /** A list is complete that began with `round`: objects of the kind that were not in it are gone. */
  endList(kind: Kind, round: number): void {
    for (const object of this.#objects.get(kind.name)!.values()) {
      if (object.round < round && object.goneMs === Infinity) this.#end(object, object);
    }
  }

  /** Forgets what is gone for long. */
  forget(): void {
    const { nowMs, memoryMs } = this.#parts;
    const now = nowMs();
    this.ledger.forget(now);
    const kept = this.#gone.findIndex(({ goneMs }) => now - goneMs < memoryMs);
    for (const object of this.#gone.splice(0, kept < 0 ? this.#gone.length : kept)) this.#forget(object);
  }

  #forget(object: KubernetesObject): void {
    const { kind, uid, namespace, name } = object;
    const objects = this.#objects.get(kind)!;
    if (objects.get(uid) === object) objects.delete(uid);
    const names = this.#names.get(kind);
    if (names?.get(keyOf(namespace, name)) === object) names.delete(keyOf(namespace, name));
    const namespaces = this.#namespaces.get(kind);
    if (namespaces?.get(namespace)?.size === 0) namespaces.delete(namespace);
    if (kind === "NetworkPolicy") this.#policiesChanged(object);
  }

  /** over: one that says nothing any more, not even of flows that were. */
  #policiesChanged(over: KubernetesObject | undefined): void {
    if (over) this.#gonePolicies.delete(over);
    this.#policyGeneration++;
  }

  /** An object of a kind that is found by name, Namespace, Node or Service, by {@linkcode keyOf}. */
  named(kind: KindName, key: string): KubernetesObject | undefined {
    return this.#names.get(kind)?.get(key);
  }

  /** The object behind a reference to an owner; undefined when it is not known, or not yet. */
  owner({ name, group }: Kind, owner: Owner): KubernetesObject | undefined {
    if (owner.group !== group) return undefined; // a kind of others that is called as this one
    const object = this.#objects.get(name)!.get(owner.uid);
    if (!object) this.#missedOwners.set(owner.uid, true);
    return object;
  }

  /** Those of a kind that are there, in a namespace. */
  inNamespace(kind: KindName, namespace: string): Iterable<KubernetesObject> {
    return this.#namespaces.get(kind)?.get(namespace) ?? [];
  }

  /** Policies of a namespace, those that are gone and remembered included. */
  policiesIn(namespace: string): NetworkPolicy[] {
    const gone = [...this.#gonePolicies].filter((policy) => policy.namespace === namespace);
    return [...this.inNamespace("NetworkPolicy", namespace), ...gone].filter((policy) =>
      policy instanceof NetworkPolicy
    );
  }

  namespaceLabels(name: string): Labels | undefined {
    return this.named("Namespace", name)?.labels;
  }

  /** uid of the namespace kube-system: what stands for a cluster's own, which it has not. */
  get clusterUid(): string | undefined {
    return this.named("Namespace", "kube-system")?.uid;
  }

  /** Whether an address is in a range that some node gives its pods addresses from. */
  isInPodRange(ip: IpWords): boolean {
    this.#podRanges ??= new CidrSet(
      [...this.#objects.get("Node")!.values()]
        .flatMap((node) => node instanceof Node && node.goneMs === Infinity ? node.podRanges : []),
    );
    return this.#podRanges.mayContain(ip);
  }
}

/** Owners, from a pod upwards: its ReplicaSet, the Deployment of that, and whatever custom resource owns it. */
import { type Kind, type KindName, kindOf } from "./kinds.ts";
import type { KubernetesObject, Owner } from "./objects.ts";
import type { OwnerRelations } from "./options.ts";
import type { Store } from "./store.ts";

/** One step up. */
export interface OwnerStep {
  readonly owner: Owner;
  /** The object, where it is known. */
  readonly object: KubernetesObject | undefined;
  /** What attributes call the kind. */
  readonly word: string;
  /** Why it is not named; undefined: it is. */
  readonly left: "not_included" | "excluded" | "not_a_workload" | undefined;
}

const WORKLOADS: ReadonlySet<KindName> = new Set([
  "ReplicaSet",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
]);

export class Owners {
  readonly #store: Store;
  readonly #depthMax: number;
  readonly #included: ReadonlySet<string>;
  readonly #excluded: ReadonlySet<string>;

  constructor(store: Store, { maxDepth, includeKinds, excludeKinds }: OwnerRelations) {
    this.#store = store;
    this.#depthMax = maxDepth;
    this.#included = lowerCase(includeKinds);
    this.#excluded = lowerCase(excludeKinds);
  }

  /** The owners of an object, the nearest first. Those not to be named are there, too: the way goes on through them. */
  of(object: KubernetesObject): OwnerStep[] {
    const steps: OwnerStep[] = [];
    const seen = new Set([object.uid]);
    let owner = object.owner;
    while (owner && steps.length < this.#depthMax && !seen.has(owner.uid)) {
      seen.add(owner.uid);
      const kind = kindOf(owner.kind);
      const found = kind && this.#store.owner(kind, owner);
      steps.push({ owner, object: found, word: owner.kind.toLowerCase(), left: this.#left(owner, kind) });
      owner = found?.owner;
    }
    return steps;
  }

  /** A node that owns its static pods is no owner to name, nor is a kind of others that is called as one of these. */
  #left({ kind }: Owner, known: Kind | undefined): OwnerStep["left"] {
    const word = kind.toLowerCase();
    if (this.#excluded.has(word)) return "excluded";
    if (this.#included.size && !this.#included.has(word)) return "not_included";
    return known && !WORKLOADS.has(known.name) ? "not_a_workload" : undefined;
  }
}

function lowerCase(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((word) => word.toLowerCase()));
}

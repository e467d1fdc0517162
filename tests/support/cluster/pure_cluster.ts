/** A cluster without an API server: objects get uids and times, and go straight into a naming. Time is what it says. */
import { addressText } from "../../../src/address.ts";
import { AttributeSets } from "../../../src/attribute_sets.ts";
import { DEFAULT_OPTIONS, FlowNaming, type KubernetesOptions } from "../../../src/enrich/kubernetes/mod.ts";
import { type Kind, kindOf } from "../../../src/enrich/kubernetes/kinds.ts";
import type { Json } from "./api_user.ts";
import { type Manifest, now, object } from "./manifest.ts";
import type { Change } from "./shop.ts";

export class PureCluster {
  readonly naming: FlowNaming;
  readonly sets = new AttributeSets();
  readonly #objects = new Map<string, Json>();
  nowMs: number;
  #uids = 0;

  /** ownAddresses: of the host that flows are seen on. */
  constructor(options: Partial<KubernetesOptions> = {}, nowMs = Date.UTC(2026, 0, 1), ownAddresses: string[] = []) {
    this.nowMs = nowMs;
    const isOwn = (address: Uint8Array) => ownAddresses.includes(addressText(address));
    this.naming = new FlowNaming({ ...DEFAULT_OPTIONS, ...options }, this.sets, () => this.nowMs, isOwn);
    this.create(object("v1", "Namespace", "kube-system"));
  }

  create(manifest: Manifest): Json {
    const made = structuredClone(manifest);
    const { metadata } = made;
    metadata.uid = `00000000-0000-4000-8000-${String(++this.#uids).padStart(12, "0")}`;
    metadata.creationTimestamp = now(this.nowMs);
    for (const owner of metadata.ownerReferences ?? []) {
      owner.uid ??= this.get(owner.kind, metadata.namespace, owner.name).metadata.uid;
    }
    if (made.status?.startTime) made.status.startTime = metadata.creationTimestamp;
    this.#objects.set(keyOf(made.kind, metadata.namespace, metadata.name), made);
    this.naming.store.put(kind(made.kind), structuredClone(made));
    return made;
  }

  get(kind: string, namespace: string, name: string): Json {
    const found = this.#objects.get(keyOf(kind, namespace, name));
    if (!found) throw new Error(`There is no ${kind} ${namespace}/${name}`);
    return found;
  }

  /** Changes an object; everybody who watches hears of it. */
  update(kindName: string, namespace: string, name: string, change: (object: Json) => void): void {
    const known = this.get(kindName, namespace, name);
    change(known);
    this.naming.store.put(kind(kindName), structuredClone(known));
  }

  /** The same version once more, as in a list. */
  putAgain(object: Json): void {
    this.naming.store.put(kind(object.kind), structuredClone(object));
  }

  kind(name: string): Kind {
    return kind(name);
  }

  delete(kindName: string, namespace: string, name: string): void {
    const known = this.get(kindName, namespace, name);
    this.#objects.delete(keyOf(kindName, namespace, name));
    this.naming.store.delete(kind(kindName), known);
  }

  apply(change: Change): void {
    if ("create" in change) {
      this.create(change.create);
    } else if ("status" in change) {
      const { kind, namespace, name } = change.status;
      this.update(kind, namespace, name, (object) => Object.assign(object.status, change.to));
    } else if (change.graceS) {
      const { kind, namespace, name } = change.delete;
      this.update(kind, namespace, name, (object) => object.metadata.deletionTimestamp = now(this.nowMs));
    } else {
      const { kind, namespace, name } = change.delete;
      this.delete(kind, namespace, name);
    }
  }
}

function kind(name: string): Kind {
  return kindOf(name)!;
}

function keyOf(kind: string, namespace = "", name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** Objects of a test cluster, put into a real API server, with the status that a kubelet or controller would write. */
import { kindOf, pathOf } from "../../../src/enrich/kubernetes/kinds.ts";
import type { ApiUser, Json } from "./api_user.ts";
import type { Manifest } from "./manifest.ts";
import type { Change } from "./shop.ts";

export class ApiCluster {
  readonly #user: ApiUser;

  constructor(user: ApiUser) {
    this.#user = user;
  }

  path(kind: string, namespace: string, name = ""): string {
    const known = kindOf(kind);
    if (!known) throw new Error(`No path of kind ${kind} is known`);
    const base = pathOf(known, known.namespaced ? namespace : undefined);
    return name ? `${base}/${name}` : base;
  }

  async create(manifest: Manifest): Promise<Json> {
    const { status, ...made } = structuredClone(manifest);
    const { kind, metadata } = made;
    for (const owner of metadata.ownerReferences ?? []) {
      owner.uid ??= (await this.get(owner.kind, metadata.namespace, owner.name)).metadata.uid;
    }
    const created = await this.#user.create(this.path(kind, metadata.namespace), made);
    return status ? await this.status(kind, metadata.namespace, metadata.name, status) : created;
  }

  get(kind: string, namespace: string, name: string): Promise<Json> {
    return this.#user.get(this.path(kind, namespace, name));
  }

  status(kind: string, namespace: string, name: string, status: unknown): Promise<Json> {
    return this.#user.patch(`${this.path(kind, namespace, name)}/status`, { status });
  }

  delete(kind: string, namespace: string, name: string, graceS = 0): Promise<Json> {
    return this.#user.delete(this.path(kind, namespace, name), graceS);
  }

  async apply(change: Change): Promise<void> {
    if ("create" in change) {
      await this.create(change.create);
    } else if ("status" in change) {
      const { kind, namespace, name } = change.status;
      await this.status(kind, namespace, name, change.to);
    } else {
      const { kind, namespace, name } = change.delete;
      await this.delete(kind, namespace, name, change.graceS);
    }
  }
}

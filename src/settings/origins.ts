/** Where each setting was said. */
import { type Origin, originText } from "./document/origin.ts";
import type { Group, Tree } from "./document/tree.ts";

/** Asked for a path as "export.traces.otlp[0].endpoint". */
export class Origins {
  readonly #origins = new Map<string, Origin>();

  constructor(tree: Group) {
    this.#addGroup(tree, "");
  }

  /** undefined: it is the default. */
  find(path: string): Origin | undefined {
    return this.#origins.get(path);
  }

  /** As people read it: "default", "weir.hcl:3:5", "WEIR_LOG_LEVEL", "--log-level". */
  text(path: string): string {
    const origin = this.find(path);
    return origin ? originText(origin) : "default";
  }

  #addGroup(tree: Group, prefix: string): void {
    for (const [key, { origin, value }] of tree.entries) {
      const path = prefix + key;
      this.#origins.set(path, origin);
      this.#addInside(value, path);
    }
  }

  #addInside(value: Tree, path: string): void {
    if (value.kind === "group") this.#addGroup(value, `${path}.`);
    if (value.kind === "list") value.items.forEach((item, i) => this.#addInside(item, `${path}[${i}]`));
  }
}

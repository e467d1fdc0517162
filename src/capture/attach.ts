/** Puts the programs on a device's hooks, by tcx where the kernel has it, by clsact else, and takes them off again. */
import type { Hook, Link, TcxOrder } from "../flow.ts";
import { closeFd } from "../libc.ts";
import type { Kernel } from "./kernel.ts";
import type { Links } from "./links.ts";
import { isOurProgram } from "./program.ts";

export type AttachMode = "tcx" | "tc";

export interface AttachOptions {
  mode: AttachMode;
  /** tcx: before or after the programs that are there. */
  order: TcxOrder;
  /** tc: among the filters that are there; lower runs sooner. 1 to 32,767. */
  priority: number;
}

/** Another program on one of our hooks. */
export interface OtherProgram {
  hook: Hook;
  name: string;
  id: number;
  /** It sees packets before weir does, and may keep them from it. */
  inFront: boolean;
}

/** What is attached to one device. */
export interface Attachment {
  mode: AttachMode;
  /** tcx: descriptors of the links. */
  links: Partial<Record<Hook, number>>;
  /** tc: hooks with our filter. */
  filters: Set<Hook>;
  /** tc: the clsact qdisc is ours to remove, if nobody else uses it by then. */
  createdClsact: boolean;
}

export class Attacher {
  readonly #kernel: Kernel;
  readonly #links: Links;
  readonly #programFd: (link: Link, hook: Hook) => number;
  readonly options: AttachOptions;

  constructor(kernel: Kernel, links: Links, programFd: (link: Link, hook: Hook) => number, options: AttachOptions) {
    this.#kernel = kernel;
    this.#links = links;
    this.#programFd = programFd;
    this.options = options;
  }

  /** Nothing attached yet. */
  begin(): Attachment {
    return { mode: this.options.mode, links: {}, filters: new Set(), createdClsact: false };
  }

  /** Puts the program on one hook. Throws KernelError and leaves the other hook as it was. */
  attach(attachment: Attachment, ifindex: number, link: Link, hook: Hook): void {
    const program = this.#programFd(link, hook);
    if (attachment.mode === "tcx") {
      attachment.links[hook] = this.#kernel.linkTcx(program, ifindex, hook, this.options.order);
      return;
    }
    if (this.#kernel.createClsact(ifindex)) attachment.createdClsact = true;
    this.#kernel.attachTc(program, ifindex, hook, this.options.priority);
    attachment.filters.add(hook);
  }

  /** Takes the program off one hook, if it is there. The device may be gone. */
  detach(attachment: Attachment, ifindex: number, hook: Hook): void {
    const link = attachment.links[hook];
    if (link !== undefined) {
      closeFd(link);
      delete attachment.links[hook];
    }
    if (!attachment.filters.delete(hook)) return;
    this.#kernel.detachTc(ifindex, hook, this.options.priority);
    if (attachment.createdClsact && attachment.filters.size === 0) {
      if (this.#isUnused(ifindex)) this.#kernel.destroyClsact(ifindex);
      attachment.createdClsact = false;
    }
  }

  #isUnused(ifindex: number): boolean {
    return this.#links.filters(ifindex, "ingress").length + this.#links.filters(ifindex, "egress").length === 0;
  }

  /** Programs and filters of others on our hooks, on both kinds of hook: tcx runs before clsact. */
  others(ifindex: number, hook: Hook): OtherProgram[] {
    const tcx = this.#kernel.queryTcx(ifindex, hook).map(({ id, name }) => ({ id, name, priority: 0 }));
    const tc = this.#links.filters(ifindex, hook).map((filter) => ({
      id: filter.programId,
      name: (filter.programId && this.#kernel.programById(filter.programId)?.name) || filter.name || filter.kind,
      priority: filter.priority,
    }));
    const all = [...tcx, ...tc];
    const ours = all.findIndex(({ name }) => isOurProgram(name));
    return all.flatMap(({ id, name }, i) => isOurProgram(name) ? [] : [{ hook, id, name, inFront: i < ours }]);
  }
}

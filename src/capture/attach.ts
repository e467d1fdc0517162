/** Puts the programs on a device's hooks, by tcx where the kernel has it, by clsact else, and takes them off again. */
import { KernelError } from "../errors.ts";
import { type Hook, HOOKS, type Link, type TcxOrder } from "../flow.ts";
import { EEXIST, EINVAL, ENODEV, ENOENT } from "../libc.ts";
import type { Kernel, TcPlace } from "./kernel.ts";
import { TC_HANDLE } from "./libbpf.ts";
import type { Links } from "./links.ts";
import { isOurProgram } from "./program.ts";

export type AttachMode = "tcx" | "tc";

export interface AttachOptions {
  mode: AttachMode;
  /** tcx: before or after the programs that are there. */
  order: TcxOrder;
  /** tc: among the filters that are there; lower runs sooner. 1 to 32,767. */
  priority: number;
  /** tc: the filter's. Default: the agent's. */
  handle?: number;
}

/** Another program on one of our hooks. */
export interface OtherProgram {
  hook: Hook;
  name: string;
  id: number;
  /** It sees packets before weir does, and may keep them from it. */
  inFront: boolean;
}

/** A program in a hook's chain. */
export interface ChainedProgram {
  /** 0: a filter that is no BPF program. */
  id: number;
  name: string;
  /** "" of what is no BPF program. */
  tag: string;
  mode: AttachMode;
  /** Of a filter; 0 on tcx. */
  priority: number;
  handle: number;
  /** This agent's own; who only looks has none, and takes any agent's for it. */
  ours: boolean;
}

/** What rtnetlink answers when the filter, its qdisc or its device is not there any more. */
const GONE = new Set([ENOENT, EINVAL, ENODEV]);

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
  readonly #ownIds = new Set<number>();
  readonly options: AttachOptions;

  constructor(kernel: Kernel, links: Links, programFd: (link: Link, hook: Hook) => number, options: AttachOptions) {
    this.#kernel = kernel;
    this.#links = links;
    this.#programFd = programFd;
    this.options = options;
  }

  #place(): TcPlace {
    const { priority, handle = TC_HANDLE } = this.options;
    return { priority, handle };
  }

  /** Nothing attached yet. */
  begin(): Attachment {
    return { mode: this.options.mode, links: {}, filters: new Set(), createdClsact: false };
  }

  /** Puts the program on one hook. Throws KernelError and leaves the other hook as it was. */
  attach(attachment: Attachment, ifindex: number, link: Link, hook: Hook): void {
    const program = this.#programFd(link, hook);
    this.#ownIds.add(this.#kernel.programId(program));
    if (attachment.mode === "tcx") {
      attachment.links[hook] = this.#kernel.linkTcx(program, ifindex, hook, this.options.order);
      return;
    }
    if (this.#kernel.createClsact(ifindex)) attachment.createdClsact = true;
    try {
      this.#kernel.attachTc(program, ifindex, hook, this.#place());
    } catch (error) {
      this.#dropClsact(attachment, ifindex);
      throw this.#explain(error, ifindex, hook);
    }
    attachment.filters.add(hook);
  }

  /** Puts the program of now in the place of the one before, so that no packet passes between the two. */
  replace(attachment: Attachment, ifindex: number, link: Link, hook: Hook): void {
    const program = this.#programFd(link, hook);
    this.#ownIds.add(this.#kernel.programId(program));
    const tcxLink = attachment.links[hook];
    if (tcxLink !== undefined) this.#kernel.relinkTcx(tcxLink, program);
    else if (attachment.filters.has(hook)) this.#kernel.replaceTc(program, ifindex, hook, this.#place());
  }

  /** Says who stands in our place, where it is somebody. */
  #explain(error: unknown, ifindex: number, hook: Hook): unknown {
    if (!(error instanceof KernelError) || ![EEXIST, EINVAL].includes(error.errno)) return error;
    const { priority } = this.options;
    const holder = this.chain(ifindex, hook).find((program) => program.priority === priority);
    if (!holder) return error;
    return new KernelError(
      `Cannot attach to tc ${hook} of device ${ifindex}: ${holder.name} has priority ${priority} there; ` +
        "choose another tc_priority",
      { errno: error.errno, cause: error },
    );
  }

  /** Takes the program off one hook, if it is there. The device may be gone, and so may the program. */
  detach(attachment: Attachment, ifindex: number, hook: Hook): void {
    const link = attachment.links[hook];
    if (link !== undefined) {
      delete attachment.links[hook];
      this.#kernel.unlinkTcx(link);
    }
    if (!attachment.filters.delete(hook)) return;
    unlessGone(() => this.#kernel.detachTc(ifindex, hook, this.#place()));
    this.#dropClsact(attachment, ifindex);
  }

  /** Removes the clsact qdisc when it is ours and holds nothing. */
  #dropClsact(attachment: Attachment, ifindex: number): void {
    if (!attachment.createdClsact || attachment.filters.size > 0) return;
    attachment.createdClsact = false;
    unlessGone(() => {
      if (isClsactEmpty(this.#links, ifindex)) this.#kernel.destroyClsact(ifindex);
    });
  }

  /** All programs and filters on a device's hook in the order that packets meet them: tcx runs before clsact. */
  chain(ifindex: number, hook: Hook): ChainedProgram[] {
    const tcx = this.#kernel.queryTcx(ifindex, hook).map((program) => ({
      ...program,
      mode: "tcx" as const,
      priority: 0,
      handle: 0,
    }));
    const tc = this.#links.filters(ifindex, hook).map((filter) => {
      const program = filter.programId ? this.#kernel.programById(filter.programId) : undefined;
      return {
        id: filter.programId,
        name: program?.name || filter.name || filter.kind,
        tag: program?.tag ?? "",
        mode: "tc" as const,
        priority: filter.priority,
        handle: filter.handle,
      };
    });
    return [...tcx, ...tc].map((program) => ({ ...program, ours: this.#isOwn(program) }));
  }

  #isOwn({ id, name }: { id: number; name: string }): boolean {
    return this.#ownIds.size ? this.#ownIds.has(id) : isOurProgram(name);
  }

  /**
   * Programs of others on a hook. Nobody is in front where weir itself is not. Another agent's are not told of: they
   * let every packet go on.
   */
  others(ifindex: number, hook: Hook): OtherProgram[] {
    const chain = this.chain(ifindex, hook);
    const place = chain.findIndex(({ ours }) => ours);
    // without CAP_SYS_ADMIN programs have no names: ours are known by their ids
    return chain.flatMap(({ id, name, ours }, i) =>
      ours || isOurProgram(name) ? [] : [{ hook, id, name, inFront: i < place }]
    );
  }
}

/** Whether no filter is left on a device's clsact qdisc. */
export function isClsactEmpty(links: Links, ifindex: number): boolean {
  return HOOKS.every((hook) => links.filters(ifindex, hook).length === 0);
}

/** Runs what removes something, to which it is no failure that it is removed: by somebody else, or with its device. */
export function unlessGone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!(error instanceof KernelError) || !GONE.has(error.errno)) throw error;
  }
}

/** Who else is on the hooks. */
import { Attacher, type Kernel, type Links } from "../../capture/mod.ts";
import { HOOKS } from "../../flow.ts";

/** Somebody's program on a device's way in or out. */
export interface HookReport {
  interface: string;
  /** "xdp" comes before ingress. */
  hook: string;
  program: string;
  id: number;
  /** Whether packets meet it before they meet weir; null where weir is not. */
  inFront: boolean | null;
}

/** Programs of others on every device's hooks, in the order that packets meet them. */
export function listHooks(kernel: Kernel, links: Links): HookReport[] {
  const attacher = new Attacher(kernel, links, () => -1, { mode: "tcx", order: "first", priority: 1 });
  return links.list().flatMap(({ ifindex, name, xdpProgramId: id }) => {
    const report = (hook: string, program: string, id: number, inFront: boolean | null): HookReport => ({
      interface: name,
      hook,
      program,
      id,
      inFront,
    });
    const hooks = HOOKS.flatMap((hook) => {
      const chain = attacher.chain(ifindex, hook);
      const ours = chain.findIndex((program) => program.ours);
      return chain.flatMap((program, i) =>
        program.ours ? [] : [report(hook, program.name, program.id, ours < 0 ? null : i < ours)]
      );
    });
    return id ? [report("xdp", kernel.programById(id)?.name || "?", id, true), ...hooks] : hooks;
  });
}

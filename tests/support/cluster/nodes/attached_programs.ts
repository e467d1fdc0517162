/** What is on the tcx hooks of a node's devices, asked from inside of the node's network. */
import { type Kernel, openLibbpf, openLinks, openNamespace } from "../../../../src/capture/mod.ts";
import { KernelError } from "../../../../src/errors.ts";
import { type Hook, HOOKS } from "../../../../src/flow.ts";
import { ENODEV } from "../../../../src/libc.ts";
import { mustRun, run } from "../../host.ts";
import type { Namespace } from "../../network_lab.ts";

export interface AttachedProgram {
  id: number;
  name: string;
  device: string;
}

export function attachedPrograms(namespace: Namespace): AttachedProgram[] {
  const kernel = openLibbpf();
  return namespace.within(() => {
    const links = openLinks(openNamespace());
    try {
      return links.list().flatMap(({ ifindex, name: device }) =>
        HOOKS.flatMap((hook) => programsOn(kernel, ifindex, hook).map(({ id, name }) => ({ id, name, device })))
      );
    } finally {
      links.close();
    }
  });
}

/** None on a device that is gone since it was listed: pods come and go. */
function programsOn(kernel: Kernel, ifindex: number, hook: Hook): ReturnType<Kernel["queryTcx"]> {
  try {
    return kernel.queryTcx(ifindex, hook);
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENODEV) return [];
    throw error;
  }
}

/** Programs and their maps, as bpftool names them. */
export async function thingsOf(programs: readonly AttachedProgram[]): Promise<string[]> {
  const things = await Promise.all(programs.map(async ({ id }) => {
    const { map_ids } = JSON.parse(await mustRun("bpftool", ["-j", "prog", "show", "id", `${id}`]));
    return [`prog ${id}`, ...map_ids.map((map: number) => `map ${map}`)];
  }));
  return [...new Set(things.flat())];
}

/** Of these, what the kernel still has. */
export async function remaining(things: readonly string[]): Promise<string[]> {
  const found = await Promise.all(things.map(async (thing) => {
    const [kind, id] = thing.split(" ") as [string, string];
    return (await run("bpftool", [kind, "show", "id", id])).ok ? [thing] : [];
  }));
  return found.flat();
}

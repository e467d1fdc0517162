/** What is on the hooks of a node's devices, as bpftool sees it from inside of the node's network. */
import { mustRun, run } from "../../host.ts";
import type { Namespace } from "../../network_lab.ts";

export interface AttachedProgram {
  id: number;
  name: string;
  device: string;
  maps: number[];
}

export async function attachedPrograms({ path }: Namespace): Promise<AttachedProgram[]> {
  const [{ tc }] = JSON.parse(await mustRun("nsenter", [`--net=${path}`, "bpftool", "-j", "net", "show"]));
  // deno-lint-ignore no-explicit-any
  return await Promise.all(tc.map(async ({ devname, name, prog_id, id }: any) => {
    const programId = prog_id ?? id;
    const program = JSON.parse(await mustRun("bpftool", ["-j", "prog", "show", "id", `${programId}`]));
    return { id: programId, name, device: devname, maps: program.map_ids ?? [] };
  }));
}

/** Of these programs and their maps, what the kernel still has. */
export async function remains(programs: readonly AttachedProgram[]): Promise<string[]> {
  const things = new Set(programs.flatMap(({ id, maps }) => [`prog ${id}`, ...maps.map((map) => `map ${map}`)]));
  const found = await Promise.all([...things].map(async (thing) => {
    const [kind, id] = thing.split(" ") as [string, string];
    return (await run("bpftool", [kind, "show", "id", id])).ok ? [thing] : [];
  }));
  return found.flat();
}

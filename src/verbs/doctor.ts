/** `weir doctor`: what this machine has and lacks, and what stands between weir and packets. */
import { Command } from "commander";
import {
  Attacher,
  missing,
  openLibbpf,
  openLinks,
  openNamespace,
  ownNamespace,
  probeRequirements,
  type Requirement,
  thisMachine,
} from "../capture/mod.ts";
import { HOOKS } from "../flow.ts";
import type { BooksView } from "./books.ts";
import { askAgent, SOCKET_DEFAULT } from "./socket.ts";
import { alignRows } from "./table.ts";

interface HookReport {
  interface: string;
  hook: string;
  program: string;
  id: number;
  inFront: boolean;
}

interface Finding {
  interface: string;
  missed: string;
  cause: string;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .aliases(["check-system", "diagnose"])
    .description("check what this machine has and lacks, and who else is on the hooks")
    .option("--json", "as JSON")
    .option("--network-namespace <path>", "look at another network namespace's devices, /proc/1/ns/net for the host's")
    .option("--socket <path>", "the running agent's socket, to ask what it misses", SOCKET_DEFAULT)
    .action(async (options: { json?: boolean; networkNamespace?: string; socket: string }) => {
      const { requirements, kernel } = probeRequirements(thisMachine(), openLibbpf, {
        namespacePath: options.networkNamespace,
      });
      const hooks = kernel && missing(requirements).length === 0 ? listHooks(kernel, options.networkNamespace) : [];
      const findings = await askFindings(options.socket);
      if (options.json) console.log(JSON.stringify({ requirements, hooks, findings }, null, 2));
      else console.log(doctorText(requirements, hooks, findings));
      if (missing(requirements).length) Deno.exitCode = 1;
    });
}

/** Programs of others on every device's hooks. */
function listHooks(kernel: ReturnType<typeof openLibbpf>, namespacePath: string | undefined): HookReport[] {
  const namespace = namespacePath ? openNamespace(namespacePath) : ownNamespace;
  const links = openLinks(namespace);
  const attacher = new Attacher(kernel, links, () => -1, { mode: "tcx", order: "first", priority: 1 });
  try {
    return namespace.within(() =>
      links.list().flatMap(({ ifindex, name }) =>
        HOOKS.flatMap((hook) =>
          attacher.others(ifindex, hook).map(({ name: program, id, inFront }) => ({
            interface: name,
            hook,
            program,
            id,
            inFront,
          }))
        )
      )
    );
  } finally {
    links.close();
    namespace.close();
  }
}

/** What a running agent misses; undefined when none runs. */
async function askFindings(socket: string): Promise<Finding[] | undefined> {
  let books: BooksView;
  try {
    books = await askAgent<BooksView>(socket, "/books");
  } catch {
    return undefined; // doctor is for machines without an agent, too
  }
  return books.audit.filter(({ verdict }) => verdict !== "equal").map((line) => ({
    interface: line.interface,
    missed: `device counts ${line.deviceFramesLeast} frames, weir saw ${line.frames}`,
    cause: line.cause || "unknown",
  }));
}

const MARKS: Record<Requirement["state"], string> = { ok: "ok", degraded: "less", missing: "MISSING" };

function doctorText(requirements: Requirement[], hooks: HookReport[], findings: Finding[] | undefined): string {
  const rows = requirements.map(({ name, state, found, remedy }) => [MARKS[state], name, found, remedy]);
  const lines = [alignRows([["", "requirement", "found", "what to do"], ...rows])];
  if (hooks.length) {
    const rows = hooks.map((
      h,
    ) => [h.interface, h.hook, `${h.program} (id ${h.id})`, h.inFront ? "in front" : "behind"]);
    lines.push("", "other programs on the hooks:", alignRows([["interface", "hook", "program", "place"], ...rows]));
  }
  if (findings === undefined) {
    lines.push("", "no agent runs here: what it misses is not known");
  } else if (findings.length === 0) {
    lines.push("", "the running agent sees what its devices count");
  } else {
    lines.push(
      "",
      "the running agent sees other than its devices count:",
      alignRows([["interface", "", "cause"], ...findings.map((f) => [f.interface, f.missed, f.cause])]),
    );
  }
  return lines.join("\n");
}

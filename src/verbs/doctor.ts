/** `weir doctor`: what this machine has and lacks, and what stands between weir and packets. */
import { Command } from "commander";
import {
  Attacher,
  type Kernel,
  type Links,
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

/** Somebody's program on a device's way in or out. */
interface HookReport {
  interface: string;
  /** "xdp" comes before ingress. */
  hook: string;
  program: string;
  id: number;
  /** Whether packets meet it before they meet weir; null where weir is not. */
  inFront: boolean | null;
}

/** A device that counts other packets than weir sees there. */
interface Finding {
  interface: string;
  difference: string;
  cause: string;
}

export interface Diagnosis {
  requirements: Requirement[];
  hooks: HookReport[];
  /** Undefined: no agent answers. */
  findings: Finding[] | undefined;
}

interface DoctorOptions {
  json?: boolean;
  networkNamespace?: string;
  socket: string;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .aliases(["check-system", "diagnose"])
    .description("check what this machine has and lacks, and who else is on the hooks")
    .option("--json", "as JSON")
    .option("--network-namespace <path>", "look at another network namespace's devices, /proc/1/ns/net for the host's")
    .option("--socket <path>", "the running agent's socket, to ask what it misses", SOCKET_DEFAULT)
    .action(async (options: DoctorOptions) => {
      const { requirements, kernel } = probeRequirements(thisMachine(), openLibbpf, {
        namespacePath: options.networkNamespace,
      });
      const canLook = kernel && missing(requirements).length === 0;
      const hooks = canLook ? lookAtHooks(kernel, options.networkNamespace) : [];
      const diagnosis = { requirements, hooks, findings: await askFindings(options.socket) };
      console.log(options.json ? JSON.stringify(diagnosis, null, 2) : doctorText(diagnosis));
      if (missing(requirements).length) Deno.exitCode = 1;
    });
}

function lookAtHooks(kernel: Kernel, namespacePath: string | undefined): HookReport[] {
  const namespace = namespacePath ? openNamespace(namespacePath) : ownNamespace;
  const links = openLinks(namespace);
  try {
    return namespace.within(() => listHooks(kernel, links));
  } finally {
    links.close();
    namespace.close();
  }
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

/** What a running agent misses; undefined when none runs. */
async function askFindings(socket: string): Promise<Finding[] | undefined> {
  let books: BooksView;
  try {
    books = await askAgent<BooksView>(socket, "/books");
  } catch {
    return undefined; // doctor is for machines without an agent, too
  }
  return findingsOf(books);
}

export function findingsOf({ audit }: Pick<BooksView, "audit">): Finding[] {
  return audit.filter(({ verdict }) => verdict !== "equal").map((line) => {
    const { deviceFramesLeast: least, deviceFramesMost: most, frames } = line;
    const counted = least === most ? `${least}` : `${least} to ${most}`;
    return {
      interface: line.interface,
      difference: `the device counts ${counted} frames, weir saw ${frames}`,
      cause: line.cause || "unknown",
    };
  });
}

const MARKS: Record<Requirement["state"], string> = { ok: "ok", degraded: "less", missing: "MISSING" };

export function doctorText({ requirements, hooks, findings }: Diagnosis): string {
  const rows = requirements.map(({ name, state, found, remedy }) => [MARKS[state], name, found, remedy]);
  return [
    alignRows([["", "requirement", "found", "what to do"], ...rows]),
    ...hookLines(hooks),
    ...findingLines(findings),
  ].join("\n");
}

function hookLines(hooks: HookReport[]): string[] {
  if (!hooks.length) return [];
  const rows = hooks.map(({ interface: name, hook, program, id, inFront }) => {
    const place = inFront === null ? "-" : inFront ? "in front" : "behind";
    return [name, hook, id ? `${program} (id ${id})` : program, place];
  });
  return [
    "",
    "other programs on the hooks:",
    alignRows([["interface", "hook", "program", "seen from weir"], ...rows]),
  ];
}

function findingLines(findings: Finding[] | undefined): string[] {
  if (findings === undefined) return ["", "no agent answers: what it misses is not known"];
  if (!findings.length) return ["", "the running agent sees what its devices count"];
  return [
    "",
    "the running agent sees other than its devices count:",
    alignRows([["interface", "", "cause"], ...findings.map((f) => [f.interface, f.difference, f.cause])]),
  ];
}

/**
 * A trial of attaching: the real program, with the smallest maps and books of its own, is put on a device's hooks and
 * taken off again. It lets every packet go on, and a running agent's program stays where it is.
 */
import { KernelError } from "../errors.ts";
import { type Hook, HOOKS, type TcxOrder } from "../flow.ts";
import { pageBytes } from "../libc.ts";
import { SLOTS_PER_CPU_MIN } from "../limits.ts";
import { planMemory } from "../memory_plan.ts";
import { Attacher, type AttachMode } from "./attach.ts";
import { type Device, linkOf } from "./device.ts";
import type { Kernel, LoadedObject } from "./kernel.ts";
import { TUNNEL_PORTS } from "./knobs.ts";
import { TRIAL_HANDLE } from "./libbpf.ts";
import type { Links } from "./links.ts";
import { loadObject, programName } from "./program.ts";

export interface TrialParts {
  kernel: Kernel;
  links: Links;
  /** The compiled kernel program. */
  image: Uint8Array<ArrayBuffer>;
  cpuCount: number;
  mode: AttachMode;
  order: TcxOrder;
  priority: number;
}

export interface TriedHook {
  /** Where the program stood among all of the hook's, from 1. */
  position: number;
  programs: number;
}

export interface AttachTrialResult {
  interface: string;
  ifindex: number;
  kind: string;
  up: boolean;
  mode: AttachMode;
  /** unreadable: not Ethernet and not IP, so weir leaves it alone. */
  result: "attached" | "failed" | "unreadable";
  /** Why not; "" where it was. */
  problem: string;
  hooks: Partial<Record<Hook, TriedHook>>;
}

export class AttachTrial {
  readonly #parts: TrialParts;
  readonly #object: LoadedObject;
  readonly #attacher: Attacher;

  /** Loads the program. Throws KernelError, with the verifier's words where it refused. */
  constructor(parts: TrialParts) {
    this.#parts = parts;
    const { kernel, image, cpuCount, links, mode, order, priority } = parts;
    const page = pageBytes();
    const plan = planMemory({
      cpuCount,
      pageBytes: page,
      slots: SLOTS_PER_CPU_MIN * cpuCount,
      ringBytes: page,
      flowsMax: 1,
    });
    this.#object = loadObject(kernel, plan, { image, purpose: "live", idleGapMs: 0, ...TUNNEL_PORTS });
    const programFd = (link: "ethernet" | "ip", hook: Hook) => this.#object.programFd(programName(link, hook));
    this.#attacher = new Attacher(kernel, links, programFd, { mode, order, priority, handle: TRIAL_HANDLE });
  }

  /** Bytes of machine code that the program became; 0: it is interpreted. */
  machineCodeBytes(): number {
    return this.#parts.kernel.machineCodeBytes(this.#object.programFd(programName("ethernet", "ingress")));
  }

  /** Tries one device, in the network namespace that the thread is in. */
  try(device: Device): AttachTrialResult {
    const { ifindex, name, kind, up } = device;
    const said = { interface: name, ifindex, kind, up, mode: this.#parts.mode };
    const link = linkOf(device);
    if (!link) {
      const problem = `its hardware type ${device.hardwareType} is not one weir can read`;
      return { ...said, result: "unreadable", problem, hooks: {} };
    }
    const attachment = this.#attacher.begin();
    const hooks: AttachTrialResult["hooks"] = {};
    try {
      for (const hook of HOOKS) {
        this.#attacher.attach(attachment, ifindex, link, hook);
        const chain = this.#attacher.chain(ifindex, hook);
        hooks[hook] = { position: 1 + chain.findIndex(({ ours }) => ours), programs: chain.length };
      }
      return { ...said, result: "attached", problem: "", hooks };
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return { ...said, result: "failed", problem: error.message, hooks };
    } finally {
      for (const hook of HOOKS) this.#attacher.detach(attachment, ifindex, hook);
    }
  }

  close(): void {
    this.#object.close();
  }
}

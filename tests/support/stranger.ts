/** Another program on a device's hook, as somebody else's agent would put it there. */
import { TC_HANDLE } from "../../src/capture/libbpf.ts";
import { openLibbpf } from "../../src/capture/mod.ts";
import type { Hook, TcxOrder } from "../../src/flow.ts";
import { closeFd } from "../../src/libc.ts";
import type { Namespace } from "./network_lab.ts";

/** What it says of every packet. */
export const VERDICT = {
  /** The next program has its turn. */
  goOn: -1,
  /** The packet passes, and no further program sees it: TC_ACT_OK, TCX_PASS. */
  pass: 0,
} as const;

export interface StrangerOptions {
  namespace: Namespace;
  device: string;
  hook: Hook;
  verdict: keyof typeof VERDICT;
  /** tcx: before or behind those that are there. tc: its priority. */
  place: { tcx: TcxOrder } | { tc: number };
}

export class Stranger implements Disposable {
  readonly #kernel = openLibbpf();
  readonly #object;
  readonly #options: StrangerOptions;
  readonly #ifindex: number;
  #link: number | undefined;

  constructor(options: StrangerOptions) {
    this.#options = options;
    const { namespace, device, hook, verdict, place } = options;
    this.#ifindex = namespace.link(device).ifindex;
    this.#object = this.#kernel.load(Deno.readFileSync(new URL("../../.output/stranger.bpf.o", import.meta.url)), {
      programs: ["stranger"],
      mapEntries: {},
      knobs: new Uint8Array(new Int32Array([VERDICT[verdict]]).buffer),
    });
    const program = this.#object.programFd("stranger");
    namespace.within(() => {
      if ("tcx" in place) {
        this.#link = this.#kernel.linkTcx(program, this.#ifindex, hook, place.tcx);
      } else {
        this.#kernel.createClsact(this.#ifindex);
        this.#kernel.attachTc(program, this.#ifindex, hook, { priority: place.tc, handle: TC_HANDLE });
      }
    });
  }

  /** Whether it is where it was put. */
  isThere(): boolean {
    const { namespace, hook, place } = this.#options;
    const found = namespace.within(() =>
      "tcx" in place
        ? this.#kernel.queryTcx(this.#ifindex, hook)
        : [this.#kernel.queryTc(this.#ifindex, hook, place.tc)]
    );
    return found.some((program) => program?.name === "stranger");
  }

  [Symbol.dispose](): void {
    if (this.#link !== undefined) closeFd(this.#link);
    this.#object.close(); // a tc filter goes with its device
  }
}

/**
 * Recorded frames through the real program: BPF_PROG_TEST_RUN of its replay entry point. What the kernel accepts there
 * is less than what a capture holds, so long frames are cut and short ones padded, and their true lengths told beside.
 */
import type { Hook } from "../flow.ts";
import type { Kernel } from "./kernel.ts";

/** A recorded frame. */
export interface ReplayFrame {
  /** From the link header on. Link headers other than Ethernet's are replaced by one before. */
  data: Uint8Array;
  /** Length on the wire; data may be less. */
  frameBytes: number;
  /** Size of the link header that the Ethernet header stands for; 14 for Ethernet itself. */
  linkBytes: number;
  /** The Ethernet header holds no addresses. */
  withoutMacs: boolean;
  timeNs: bigint;
  ifindex: number;
  hook: Hook;
  /** The pretended CPU. Default 0. */
  cpu?: number;
}

/** What the kernel takes: up to a page less its own headers, and at least an Ethernet and an IPv6 header. */
export const REPLAY_DATA_BYTES_MAX = 3_520;
const REPLAY_DATA_BYTES_MIN = 64;

const CONTEXT_BYTES = 192;
const CB = 48;
const TSTAMP = 152;
const FLAG_EGRESS = 1;
const FLAG_NO_MACS = 2;
const READABLE_SHIFT = 16;

export class Replayer {
  readonly #kernel: Kernel;
  readonly #programFd: number;
  readonly #buffer = new Uint8Array(REPLAY_DATA_BYTES_MAX);
  readonly #context = new Uint8Array(CONTEXT_BYTES);
  readonly #contextView = new DataView(this.#context.buffer);

  constructor(kernel: Kernel, programFd: number) {
    this.#kernel = kernel;
    this.#programFd = programFd;
  }

  /** Runs the program on one frame. Throws KernelError when the kernel refuses it. */
  feed(frame: ReplayFrame): void {
    const length = Math.min(frame.data.length, REPLAY_DATA_BYTES_MAX);
    this.#buffer.set(frame.data.subarray(0, length));
    const padded = Math.max(length, REPLAY_DATA_BYTES_MIN);
    if (padded > length) this.#buffer.fill(0, length, padded);
    const view = this.#contextView;
    const flags = (frame.hook === "egress" ? FLAG_EGRESS : 0) | (frame.withoutMacs ? FLAG_NO_MACS : 0);
    view.setUint32(CB, flags | (Math.max(1, length) << READABLE_SHIFT), true); // 0 would mean: all that is there
    view.setUint32(CB + 4, frame.linkBytes, true);
    view.setUint32(CB + 8, frame.frameBytes, true);
    view.setUint32(CB + 12, frame.cpu ?? 0, true);
    view.setUint32(CB + 16, frame.ifindex, true);
    view.setBigUint64(TSTAMP, frame.timeNs, true);
    this.#kernel.testRun(this.#programFd, { data: this.#buffer.subarray(0, padded), context: this.#context });
  }
}

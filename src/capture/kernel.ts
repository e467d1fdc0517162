/**
 * What weir needs of the kernel's bpf side. `libbpf.ts` is the real one; unit tests bring their own.
 *
 * All calls are synchronous and act in the network namespace that the thread is in. They throw {@linkcode KernelError}.
 */
import type { Hook, TcxOrder } from "../flow.ts";

/** What a running kernel can do, found by asking it. */
export interface KernelFeatures {
  /** tcx hooks (6.6). */
  tcx: boolean;
  /** CPUs that may ever run, as maps count them. */
  possibleCpus: number;
}

export interface LoadOptions {
  /** Programs to load; the object's others are left out. */
  programs: readonly string[];
  /** Sizes of maps, in entries, for a ring in bytes. */
  mapEntries: Readonly<Record<string, number>>;
  /** The knobs' bytes, as bpf/knobs.h lays them out. */
  knobs: Uint8Array<ArrayBuffer>;
  /** Bytes of further constants, by their section's name. */
  constants?: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** Descriptors of maps that are there already and shall be used, by name. Their sizes are as they are. */
  maps?: Readonly<Record<string, number>>;
}

/** A loaded object. Descriptors live until close(). */
export interface LoadedObject {
  programFd(name: string): number;
  mapFd(name: string): number;
  close(): void;
}

/** A program that somebody put on a hook. */
export interface AttachedProgram {
  id: number;
  name: string;
  /** The digest of its instructions, as tc and bpftool show it; "" where the program is gone. */
  tag: string;
}

/** A program or map of the whole machine. */
export interface KernelObject {
  id: number;
  /** bpf_prog_type, bpf_map_type (include/uapi/linux/bpf.h). */
  type: number;
  name: string;
}

/** Where a program goes on a tcx hook: before or behind all that are there, or right before one of them. */
export type TcxPlace = TcxOrder | { beforeFd: number };

/** Where a program goes among a clsact hook's filters. */
export interface TcPlace {
  priority: number;
  handle: number;
}

/** One frame for BPF_PROG_TEST_RUN. */
export interface TestRunInput {
  data: Uint8Array<ArrayBuffer>;
  /** struct __sk_buff, 192 bytes, or nothing. */
  context?: Uint8Array<ArrayBuffer>;
  repeat?: number;
}

export interface TestRunResult {
  returned: number;
  /** Mean of a run, ns. */
  durationNs: number;
}

export interface Kernel {
  features(): KernelFeatures;
  /** Loads programs and maps. A verifier's refusal carries its log. */
  load(image: Uint8Array<ArrayBuffer>, options: LoadOptions): LoadedObject;

  /**
   * Puts a program on a tcx hook. Returns the link's descriptor: with it the program goes, even when weir is killed.
   */
  linkTcx(programFd: number, ifindex: number, hook: Hook, place: TcxPlace): number;
  /** Takes a program off its tcx hook again. The device may be gone. */
  unlinkTcx(link: number): void;
  /** Puts another program in a link's place: no packet passes between the two. ENOLINK when the device is gone. */
  relinkTcx(link: number, programFd: number): void;
  /** Programs on a tcx hook, in the order that packets meet them. */
  queryTcx(ifindex: number, hook: Hook): AttachedProgram[];

  /** Creates a clsact qdisc. Returns false when the device has one already. */
  createClsact(ifindex: number): boolean;
  /** Removes the clsact qdisc with every filter on it: only for one that createClsact() made and nobody else uses. */
  destroyClsact(ifindex: number): void;
  /**
   * Puts a program into a clsact hook. EEXIST when the handle is taken at this priority. Of one priority the newest
   * runs first.
   */
  attachTc(programFd: number, ifindex: number, hook: Hook, place: TcPlace): void;
  detachTc(ifindex: number, hook: Hook, place: TcPlace): void;
  /** Puts another program in the agent's place: no packet passes between the two. */
  replaceTc(programFd: number, ifindex: number, hook: Hook, place: TcPlace): void;
  /** The agent's program, if there is one. */
  queryTc(ifindex: number, hook: Hook, priority: number): AttachedProgram | undefined;

  /** Every program of the machine that this process may look at. */
  programs(): Array<KernelObject & { tag: string }>;
  /** Every map. */
  maps(): Array<KernelObject & { keyBytes: number; valueBytes: number; entriesMax: number }>;

  /** A program by its id; undefined when it is gone. */
  programById(id: number): AttachedProgram | undefined;
  /** A map's value by its name, of the maps that a program uses; undefined when there is none. */
  programMapValue(programId: number, map: string, key: number, valueBytes: number): DataView | undefined;
  /** The id of a program of ours. */
  programId(fd: number): number;
  /** Bytes of machine code that a program of ours became; 0: it is interpreted. */
  machineCodeBytes(fd: number): number;

  testRun(programFd: number, input: TestRunInput): TestRunResult;

  /** Writes one entry of a map of 4-byte keys. */
  writeMap(mapFd: number, key: number, value: Uint8Array<ArrayBuffer>): void;
  /** Removes it, if it is there. */
  deleteFromMap(mapFd: number, key: number): void;
  /** All entries of a hash map, keys and values side by side. */
  readMap(mapFd: number, keyBytes: number, valueBytes: number): Array<{ key: DataView; value: DataView }>;
}

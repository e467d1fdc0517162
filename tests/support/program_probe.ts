/**
 * The kernel program under a probe: one frame in by BPF_PROG_TEST_RUN, and what became of it out. Any programs of the
 * object, with maps of their own that the test may write, and with the loader's mistakes that the agent never makes.
 * Needs root and `deno task build`.
 */
import assert from "node:assert/strict";
import { flowProgramImage } from "../../src/artifacts.ts";
import type { Kernel, LoadedObject } from "../../src/capture/kernel.ts";
import { encodeKnobs, TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import type { KernelFilter } from "../../src/capture/kernel_filter.ts";
import { openLibbpf } from "../../src/capture/libbpf.ts";
import { Replayer, type ReplayFrame } from "../../src/capture/replay.ts";
import { filterLoad, writeFilter } from "../../src/capture/program.ts";
import { readAllStrays, type Stray } from "../../src/capture/strays.ts";
import { BOOKS_BYTES, KernelBooks } from "../../src/collect/kernel_books.ts";
import { HOOKS } from "../../src/flow.ts";
import { mapFixed, pageBytes, PROT_READ, PROT_WRITE } from "../../src/libc.ts";
import { SLOT_BYTES } from "../../src/limits.ts";
import {
  CPU_AREA_BYTES,
  createMemory,
  MARK_GROUPS,
  type MemoryPlan,
  planMemory,
  SLOT_WAYS,
} from "../../src/memory_plan.ts";
import type { Sampling } from "../../src/sampling.ts";
import { type BookedFrame, BooksMoment } from "./books_delta.ts";
import type { Bytes } from "./packet.ts";
import { RingReader } from "./ring_reader.ts";
import { readSlot, type SlotView } from "./slot_view.ts";

export interface ProbeOptions {
  /** Names in bpf/flow.bpf.c. Default: the replay entry. */
  programs?: readonly string[];
  /** CPUs that are pretended to exist. Default: those that do, or 1 for a replay alone. */
  cpuCount?: number;
  /** Slots of all CPUs. Default: the least that is possible. */
  slots?: number;
  /** A power of two of pages. */
  ringBytes?: number;
  idleGapMs?: number;
  /** Every flow hashes into the first set: the third one evicts. */
  oneSet?: boolean;
  /** What the program keeps from being counted. */
  filter?: KernelFilter | undefined;
  sampling?: Sampling | undefined;
  /** A loader's mistake: entries of the slot array, fewer than there should be. */
  slotSets?: number;
}

/** A live program's context: what test_run takes of struct __sk_buff. */
export interface LiveContext {
  gsoSize?: number;
  gsoSegments?: number;
  wireBytes?: number;
  mark?: number;
  /** The device it came into this host by; kernels of 6.1 and newer take it. */
  ingressIfindex?: number;
}

/** What became of one frame. */
export interface Outcome extends BookedFrame {
  /** The slot that it changed, as it is now. */
  slot?: SlotView;
  /** The program's return value; of live programs. */
  returned?: number;
}

const REPLAY = "weir_replay";
const CONTEXT_BYTES = 192;
const CONTEXT = { mark: 8, ingressIfindex: 36, wireBytes: 160, gsoSegments: 164, gsoSize: 176 } as const;
/** The least that every kernel's test_run takes for any protocol. */
const LIVE_FRAME_BYTES_MIN = 64;
const MULTIPLIERS_BYTES = 56;
/** Behind the books of both hooks. */
const MARKS_AT = HOOKS.length * BOOKS_BYTES;

/**
 * One probe for all tests of a file, loaded when the first asks for it: an emulated verifier is slow. Each test begins
 * with empty slots, or its flow might take the slot of another test's.
 */
export function sharedProbe(options: ProbeOptions = {}): () => ProgramProbe {
  let probe: ProgramProbe | undefined;
  return () => {
    probe ??= new ProgramProbe(options);
    probe.forget();
    return probe;
  };
}

export class ProgramProbe implements Disposable {
  readonly kernel: Kernel;
  readonly plan: MemoryPlan;
  readonly memory: WebAssembly.Memory;
  readonly ring: RingReader;
  readonly books: KernelBooks;
  readonly #object: LoadedObject;
  readonly #replayer: Replayer;
  readonly #view: DataView;
  readonly #slotBytes: number;
  #nextIfindex = 1_000;
  #timeNs = 1_000_000_000n;

  constructor(options: ProbeOptions = {}) {
    const programs = options.programs ?? [REPLAY];
    this.kernel = openLibbpf();
    const { possibleCpus } = this.kernel.features();
    const cpuCount = options.cpuCount ?? (programs.every((name) => name === REPLAY) ? 1 : possibleCpus);
    const ringBytes = options.ringBytes ?? 16 * pageBytes();
    this.plan = planMemory({ cpuCount, pageBytes: pageBytes(), slots: options.slots ?? 1, ringBytes, flowsMax: 4_096 });
    const slotSets = options.slotSets ?? this.plan.setsPerCpu * cpuCount;
    this.#slotBytes = slotSets * SLOT_WAYS * SLOT_BYTES;
    this.memory = createMemory(this.plan);
    const { filter, sampling, idleGapMs = 0 } = options;
    const knobs = encodeKnobs(this.plan, { idleGapMs, ...TUNNEL_PORTS, filter, sampling });
    const { constants, mapEntries } = filterLoad(filter);
    if (options.oneSet) knobs.fill(0, 0, MULTIPLIERS_BYTES);
    this.#object = this.kernel.load(flowProgramImage(), {
      programs,
      mapEntries: { slots: slotSets, ring: ringBytes, cpus: cpuCount, ...mapEntries },
      knobs,
      constants,
    });
    writeFilter(this.kernel, this.#object, filter);
    this.#map();
    this.#view = new DataView(this.memory.buffer);
    this.books = new KernelBooks(this.memory, this.plan);
    this.ring = new RingReader(this.memory, this.plan);
    this.#replayer = new Replayer(this.kernel, programs.includes(REPLAY) ? this.#object.programFd(REPLAY) : -1);
  }

  /** A frame through the replay entry. Unless told otherwise each comes by a device, and so has a slot, of its own. */
  feed(frame: Bytes, how: Partial<ReplayFrame> = {}): Outcome {
    return this.#watch(() => this.push(frame, how));
  }

  /** feed() without a look at what became of it. */
  push(frame: Bytes, how: Partial<ReplayFrame> = {}): void {
    this.#timeNs += 1_000_000n;
    this.#replayer.feed({
      data: frame,
      frameBytes: frame.length,
      linkBytes: 14,
      withoutMacs: false,
      timeNs: this.#timeNs,
      hook: "ingress",
      ifindex: this.#nextIfindex++,
      ...how,
    });
  }

  /** A frame through a live program, on whatever CPU this runs, by loopback. */
  run(program: string, frame: Bytes, context: LiveContext = {}): Outcome {
    const data = new Uint8Array(Math.max(frame.length, LIVE_FRAME_BYTES_MIN));
    data.set(frame);
    const bytes = new DataView(new ArrayBuffer(CONTEXT_BYTES));
    for (const [field, value] of Object.entries(context)) {
      bytes.setUint32(CONTEXT[field as keyof LiveContext], value, true);
    }
    let returned = 0;
    const outcome = this.#watch(() => {
      const input = { data, context: new Uint8Array(bytes.buffer) };
      returned = this.kernel.testRun(this.#object.programFd(program), input).returned;
    });
    return { ...outcome, returned: returned | 0 };
  }

  /** Slots in use, in the order of the array. */
  slots(): SlotView[] {
    const used: SlotView[] = [];
    for (let at = this.plan.slots; at < this.plan.slots + this.#slotBytes; at += SLOT_BYTES) {
      if (this.#view.getUint32(at, true)) used.push(readSlot(this.memory.buffer, at));
    }
    return used;
  }

  strays(): Stray[] {
    return readAllStrays(this.kernel, this.#object.mapFd("strays"), this.memory, this.plan);
  }

  /** Keeps a device's packets out. Of a program whose filter goes by devices. */
  filterDevice(ifindex: number): void {
    this.kernel.writeMap(this.#object.mapFd("filter_devices"), ifindex, new Uint8Array(4));
  }

  straysFd(): number {
    return this.#object.mapFd("strays");
  }

  /** Clears every slot, as if the program had just been loaded. */
  forget(): void {
    this.#slotWords().fill(0);
  }

  /** Frames through live programs, from empty slots on, again until one CPU ran them all: slots are a CPU's own. */
  onOneCpu(act: () => Outcome[]): Outcome[] {
    for (let attempts = 0; attempts < 1_000; attempts++) {
      this.forget();
      const outcomes = act();
      if (new Set(outcomes.map(({ cpu }) => cpu)).size === 1) return outcomes;
    }
    throw new Error("Cannot stay on one CPU: this thread moves all the time");
  }

  /** Writes into a slot, as nobody but the program ever does. */
  setGeneration(index: number, generation: number): void {
    this.#view.setUint32(this.plan.slots + index * SLOT_BYTES, generation, true);
  }

  /** Groups of sets that a CPU marked as touched. */
  marks(cpu: number): number[] {
    const marks = this.#marks(cpu);
    return [...marks.keys()].filter((group) => marks[group]);
  }

  clearMarks(cpu: number): void {
    this.#marks(cpu).fill(0);
  }

  #marks(cpu: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.plan.cpus + cpu * CPU_AREA_BYTES + MARKS_AT, MARK_GROUPS);
  }

  [Symbol.dispose](): void {
    this.#object.close();
  }

  #watch(act: () => void): Outcome {
    const slotsBefore = this.#slotWords().slice();
    const booksBefore = new BooksMoment(this.memory, this.plan);
    act();
    const booked = new BooksMoment(this.memory, this.plan).since(booksBefore);
    const changed = this.#changedSlots(slotsBefore);
    assert.ok(changed.length <= 1, "a frame changes one slot at most");
    if (changed[0] === undefined) return booked;
    return { ...booked, slot: readSlot(this.memory.buffer, this.plan.slots + changed[0] * SLOT_BYTES) };
  }

  #slotWords(): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.plan.slots, this.#slotBytes / 4);
  }

  #changedSlots(before: Uint32Array): number[] {
    const now = this.#slotWords();
    const changed = new Set<number>();
    for (let word = 0; word < now.length; word++) {
      if (now[word] !== before[word]) changed.add(Math.floor(word / (SLOT_BYTES / 4)));
    }
    return [...changed];
  }

  #map(): void {
    const { plan } = this;
    const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(this.memory.buffer)));
    const whole = (bytes: number) => Math.ceil(bytes / plan.pageBytes) * plan.pageBytes;
    const map = (at: number, bytes: number, protection: number, name: string, offset = 0) =>
      mapFixed(base + BigInt(at), bytes, protection, this.#object.mapFd(name), offset);

    map(plan.slots, whole(this.#slotBytes), PROT_READ | PROT_WRITE, "slots");
    map(plan.cpus, whole(plan.cpuCount * CPU_AREA_BYTES), PROT_READ | PROT_WRITE, "cpus");
    map(plan.ring, plan.pageBytes, PROT_READ | PROT_WRITE, "ring");
    map(plan.ring + plan.pageBytes, plan.pageBytes + 2 * plan.ringBytes, PROT_READ, "ring", plan.pageBytes);
  }
}

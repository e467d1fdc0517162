/**
 * The kernel program and the table without devices, worker or agent: frames go in by BPF_PROG_TEST_RUN, slots, books
 * and records come out. Needs root and `deno task build`.
 */
import { flowProgramImage, tableModule } from "../../src/artifacts.ts";
import { type TableDevice, writeDeviceTable } from "../../src/capture/device_table.ts";
import type { Kernel } from "../../src/capture/kernel.ts";
import type { KernelFilter } from "../../src/capture/kernel_filter.ts";
import { TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import { openLibbpf } from "../../src/capture/libbpf.ts";
import { type FlowProgram, loadProgram } from "../../src/capture/program.ts";
import { Replayer } from "../../src/capture/replay.ts";
import { Anchors } from "../../src/clock.ts";
import { KernelBooks } from "../../src/collect/kernel_books.ts";
import { OutReader } from "../../src/count/out_reader.ts";
import { Table, type TableOptions } from "../../src/count/table.ts";
import { TableBooks } from "../../src/count/table_books.ts";
import { ANCHORS_MAX, SLOT_BYTES } from "../../src/limits.ts";
import { pageBytes } from "../../src/libc.ts";
import {
  createMemory,
  DEVICE_TABLE_BYTES,
  type MemoryOptions,
  type MemoryPlan,
  planMemory,
} from "../../src/memory_plan.ts";
import type { Sampling } from "../../src/sampling.ts";
import { readSlot, type SlotView } from "./slot_view.ts";

/** The defaults of the settings' span block. */
export const TABLE_DEFAULTS: TableOptions = {
  genericTimeoutMs: 30_000,
  icmpTimeoutMs: 10_000,
  tcpTimeoutMs: 20_000,
  tcpFinTimeoutMs: 5_000,
  tcpRstTimeoutMs: 5_000,
  udpTimeoutMs: 60_000,
  maxRecordIntervalMs: 60_000,
  traceIdTimeoutS: 86_400,
  communityIdSeed: 0,
  traceDomain: "test",
  node: "test-node",
};

export interface FlowLab extends Disposable {
  kernel: Kernel;
  plan: MemoryPlan;
  memory: WebAssembly.Memory;
  program: FlowProgram;
  /** Of a lab for replay only. */
  replayer: Replayer;
  kernelBooks: KernelBooks;
  /** Slots in use, in the order of the array. */
  slots(): SlotView[];
}

export interface FlowLabOptions extends Partial<MemoryOptions> {
  purpose: "live" | "replay";
  idleGapMs?: number;
  filter?: KernelFilter | undefined;
  sampling?: Sampling | undefined;
}

/** Opened once: binding the library takes longer than loading the program. */
let libbpf: Kernel | undefined;

/** Loads the program with maps of its own. cpuCount: pretended CPUs are possible for replay. */
export function openFlowLab(options: FlowLabOptions): FlowLab {
  const kernel = libbpf ??= openLibbpf();
  const plan = planMemory({ cpuCount: kernel.features().possibleCpus, pageBytes: pageBytes(), ...options });
  const memory = createMemory(plan);
  const program = loadProgram(kernel, plan, memory, {
    image: flowProgramImage(),
    purpose: options.purpose,
    idleGapMs: options.idleGapMs ?? 0,
    ...TUNNEL_PORTS,
    filter: options.filter,
    sampling: options.sampling,
  });
  return {
    kernel,
    plan,
    memory,
    program,
    replayer: new Replayer(kernel, options.purpose === "replay" ? program.replayFd() : -1),
    kernelBooks: new KernelBooks(memory, plan),
    slots() {
      const all: SlotView[] = [];
      for (let i = 0; i < plan.slotCount; i++) {
        const slot = readSlot(memory.buffer, plan.slots + i * SLOT_BYTES);
        if (slot.generation) all.push(slot);
      }
      return all;
    },
    [Symbol.dispose]: () => program.close(),
  };
}

export interface TableLab {
  table: Table;
  books: TableBooks;
  out: OutReader;
  /** Sets the clocks and begins a round. Wall time is monotonic time plus wallOffsetNs. */
  at(nowNs: bigint, wallOffsetNs?: bigint): void;
  /** Puts a device table in force. */
  useDevices(devices: readonly TableDevice[]): void;
}

/**
 * The table over a memory, with no devices known: every ingress sighting counts, and every egress one of this host's.
 */
export async function openTableLab(
  memory: WebAssembly.Memory,
  plan: MemoryPlan,
  options: Partial<TableOptions> = {},
  module: WebAssembly.Module = tableModule(),
): Promise<TableLab> {
  const table = await Table.create(module, memory, plan, { ...TABLE_DEFAULTS, ...options }, {
    segmentReady: () => true,
  });
  let nowNs = 0n;
  let wallOffsetNs = 0n;
  const clock = { monotonicNs: () => nowNs, wallNs: () => nowNs + wallOffsetNs };
  const anchors = new Anchors(clock, new BigInt64Array(memory.buffer, plan.anchors, ANCHORS_MAX));
  let which = 0;
  const lab: TableLab = {
    table,
    books: new TableBooks(memory, plan),
    out: new OutReader(memory, plan),
    at(now, wallOffset = 0n) {
      nowNs = now;
      wallOffsetNs = wallOffset;
      anchors.measure();
      table.beginRound(nowNs, anchors.offsetNs, anchors.place);
    },
    useDevices(devices) {
      which ^= 1;
      writeDeviceTable(new Uint8Array(memory.buffer, plan.devices[which]!, DEVICE_TABLE_BYTES), devices);
      table.useDevices(plan.devices[which]!);
    },
  };
  lab.useDevices([]);
  lab.at(0n);
  return lab;
}

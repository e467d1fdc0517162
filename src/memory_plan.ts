/**
 * The memory that kernel, table and main thread share: one WebAssembly.Memory, sized once, with the kernel's own pages
 * mapped over parts of it. Each region begins where the one before ends, on a 64 KiB boundary.
 */
import { assert } from "./errors.ts";
import { RECORD_BYTES } from "./flow_record.ts";
import {
  AGGREGATES_MAX,
  AGGREGATES_OF_LAST_RESORT,
  ANCHORS_MAX,
  DEVICES_MAX,
  FLOWS_MAX_DEFAULT,
  FLOWS_MAX_MOST,
  INTERFACES_MAX,
  OUT_RECORDS,
  RING_BYTES_DEFAULT,
  SLOT_BYTES,
  SLOTS_DEFAULT,
  SLOTS_PER_CPU_MIN,
  SNAPSHOT_RECORDS,
  VLANS_MAX,
  WASM_PAGE_BYTES,
} from "./limits.ts";

export interface MemoryOptions {
  /** CPUs that may ever run. */
  cpuCount: number;
  /** Bytes of a page of the kernel's memory. */
  pageBytes: number;
  /** Slots of all CPUs together. Default {@linkcode SLOTS_DEFAULT}. */
  slots?: number;
  /** Default {@linkcode RING_BYTES_DEFAULT}. A power of two. */
  ringBytes?: number;
  /** Default {@linkcode FLOWS_MAX_DEFAULT}. */
  flowsMax?: number;
  /** Default {@linkcode AGGREGATES_MAX}. */
  aggregatesMax?: number;
  /** Default {@linkcode OUT_RECORDS}. A power of two. */
  outRecords?: number;
}

/** Sizes and places. Places are byte offsets into the memory. */
export interface MemoryPlan {
  cpuCount: number;
  pageBytes: number;
  slotCount: number;
  setsPerCpu: number;
  markShift: number;
  ringBytes: number;
  flowsMax: number;
  aggregatesMax: number;
  outRecords: number;
  indexBucketsMax: number;
  indexOverflowMax: number;

  control: number;
  devices: readonly [number, number];
  anchors: number;
  interfaces: number;
  cpus: number;
  slots: number;
  ring: number;
  shadows: number;
  out: number;
  snapshot: number;
  index: number;
  indexOverflow: number;
  pool: number;
  totalBytes: number;
}

export const SLOT_WAYS = 2;
export const MARK_GROUPS = 512;
/** sizeof(struct cpu_area), bpf/books.h */
export const CPU_AREA_BYTES = 4_800;
/** Where a CPU's area holds its marks. */
export const MARKS_AT = 1_024;
/** Where the first CPU's area holds user space's heartbeat. */
export const HEARTBEAT_AT = 1_680;
/** Where a CPU's area holds what is filtered and sampled out, and how often a part of it was moved to the strays. */
export const WITHHELD_MOVES_AT = 1_688;
export const WITHHELD_AT = 1_728;
export const ENTRY_BYTES = 256;
/** Of one interface: the four measures of each hook. */
export const INTERFACE_BOOKS_BYTES = 64;
export const SHADOW_BYTES = 64;
export const BUCKET_BYTES = 64;
export const DEVICE_TABLE_BYTES = 16 + DEVICES_MAX * 2 * 16 + VLANS_MAX * 2 * 16;
/** CONTROL of wasm/memory_map.ts: below lies the module's own static data. */
export const CONTROL = 0x10000;

const MARK_GROUPS_BITS = Math.log2(MARK_GROUPS);
/** Splits happen at a mean of seven entries a bucket, see wasm/index_table.ts. */
const ENTRIES_PER_BUCKET = 7;

function floorPowerOfTwo(n: number): number {
  return 2 ** Math.floor(Math.log2(n));
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}

/** Decides where everything lies. Throws RangeError for sizes that cannot be. */
export function planMemory(options: MemoryOptions): MemoryPlan {
  const { cpuCount, pageBytes } = options;
  const slots = options.slots ?? SLOTS_DEFAULT;
  const ringBytes = options.ringBytes ?? RING_BYTES_DEFAULT;
  const flowsMax = options.flowsMax ?? FLOWS_MAX_DEFAULT;
  const aggregatesMax = options.aggregatesMax ?? AGGREGATES_MAX;
  const outRecords = options.outRecords ?? OUT_RECORDS;
  if (!isPowerOfTwo(ringBytes) || ringBytes < pageBytes) {
    throw new RangeError(`Cannot use a ring of ${ringBytes} bytes: a power of two of at least ${pageBytes} is needed`);
  }
  if (flowsMax < 1 || flowsMax > FLOWS_MAX_MOST) {
    throw new RangeError(`Cannot hold ${flowsMax} flows: 1 to ${FLOWS_MAX_MOST} are possible`);
  }
  assert(isPowerOfTwo(outRecords), "the out ring has a power of two of records");

  const slotsPerCpu = Math.max(SLOTS_PER_CPU_MIN, floorPowerOfTwo(slots / cpuCount));
  const setsPerCpu = slotsPerCpu / SLOT_WAYS;
  const slotCount = slotsPerCpu * cpuCount;
  const entries = flowsMax + aggregatesMax + AGGREGATES_OF_LAST_RESORT;
  const indexBucketsMax = Math.max(64, Math.ceil(entries / ENTRIES_PER_BUCKET) + 1);

  let next = CONTROL;
  const region = (bytes: number): number => {
    const at = next;
    next += Math.ceil(bytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
    return at;
  };
  const plan = {
    cpuCount,
    pageBytes,
    slotCount,
    setsPerCpu,
    markShift: Math.max(0, Math.log2(setsPerCpu) - MARK_GROUPS_BITS),
    ringBytes,
    flowsMax,
    aggregatesMax,
    outRecords,
    indexBucketsMax,
    indexOverflowMax: indexBucketsMax,
    control: region(WASM_PAGE_BYTES),
    devices: [region(DEVICE_TABLE_BYTES), region(DEVICE_TABLE_BYTES)] as const,
    anchors: region(ANCHORS_MAX * 8),
    interfaces: region(INTERFACES_MAX * INTERFACE_BOOKS_BYTES),
    cpus: region(cpuCount * CPU_AREA_BYTES),
    slots: region(slotCount * SLOT_BYTES),
    ring: region(2 * pageBytes + 2 * ringBytes),
    shadows: region(slotCount * SHADOW_BYTES),
    out: region(outRecords * RECORD_BYTES),
    snapshot: region(SNAPSHOT_RECORDS * RECORD_BYTES),
    index: region(indexBucketsMax * BUCKET_BYTES),
    indexOverflow: region(indexBucketsMax * BUCKET_BYTES),
    pool: region(entries * ENTRY_BYTES),
  };
  if (next > 2 ** 32) {
    throw new RangeError(`Cannot hold ${flowsMax} flows with ${slotCount} slots: together they exceed 4 GiB`);
  }
  return { ...plan, totalBytes: next };
}

/** The memory itself: address space, of which pages come into being as they are touched. */
export function createMemory(plan: MemoryPlan): WebAssembly.Memory {
  const pages = plan.totalBytes / WASM_PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Where the parts of the kernel's ring lie: consumer page, producer page, data twice. */
export function ringParts(plan: MemoryPlan): { consumer: number; producer: number; data: number } {
  const consumer = plan.ring;
  return { consumer, producer: consumer + plan.pageBytes, data: consumer + 2 * plan.pageBytes };
}

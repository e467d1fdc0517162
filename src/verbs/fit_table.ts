/** Fits the table to what the container may take, and says so. */
import { readSystemFile } from "../libc.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT } from "../limits.ts";
import { log } from "../log.ts";
import { memoryLimitBytes } from "../memory_limit.ts";
import type { LoadedSettings, Settings } from "../settings/mod.ts";
import { type TableRoom, tableRoom } from "../table_room.ts";

const MIB = 1024 * 1024;

/**
 * Settings whose table fits the limit of memory. Without a limit they stay as they are, and what somebody set stays in
 * any case. flowsMost: no more, as memory was set aside for so many.
 */
export function fitTable<Loaded extends Pick<LoadedSettings, "settings" | "origins">>(
  loaded: Loaded,
  flowsMost = Infinity,
  read = readSystemFile,
): Loaded {
  const { settings, origins } = loaded;
  if (origins.find("limits.flows_max") !== undefined) return loaded;
  const limitBytes = memoryLimitBytes(read);
  if (limitBytes === undefined) return loaded;
  const flowsMax = Math.min(roomOf(settings, limitBytes).flowsMax, flowsMost);
  return { ...loaded, settings: { ...settings, limits: { ...settings.limits, flows_max: flowsMax } } };
}

/** Says what the limit is and whether settings fit it; nothing where there is none. */
export function reportMemory(settings: Settings, read = readSystemFile): void {
  const limitBytes = memoryLimitBytes(read);
  if (limitBytes === undefined) return;
  const { flowsMax, plannedBytes, fits } = roomOf(settings, limitBytes, settings.limits.flows_max);
  const facts = { limit: inMib(limitBytes), planned: inMib(plannedBytes), flows: flowsMax };
  if (fits) {
    log.info("Memory is limited to {limit} MiB: {flows} flows are held at most, {planned} MiB in all", facts);
  } else {
    log.warn(
      "Memory is limited to {limit} MiB, and {planned} MiB are needed where all is full, with {flows} flows: " +
        "the kernel may end weir then; raise the container's limit, or lower limits and max_queue_size",
      facts,
    );
  }
}

/** What an agent with these settings takes where all is full. */
export function plannedBytes(settings: Settings): number {
  return roomOf(settings, Infinity, settings.limits.flows_max).plannedBytes;
}

function roomOf({ limits, export: { traces } }: Settings, limitBytes: number, flowsWanted?: number): TableRoom {
  const queueRecords = traces.otlp.reduce((sum, { max_queue_size }) => sum + max_queue_size, 0) ||
    EXPORT_QUEUE_RECORDS_DEFAULT;
  return tableRoom(limitBytes, { slots: limits.slots, ringBytes: limits.ring_bytes, queueRecords }, flowsWanted);
}

function inMib(bytes: number): number {
  return Math.round(bytes / MIB);
}

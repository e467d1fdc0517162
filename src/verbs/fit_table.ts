/** Fits the table to what the container may take, and says so. */
import { readSystemFile } from "../libc.ts";
import { EXPORT_QUEUE_RECORDS_DEFAULT } from "../limits.ts";
import { log } from "../log.ts";
import { memoryLimitBytes } from "../memory_limit.ts";
import type { Origins, Settings } from "../settings/mod.ts";
import { tableRoom } from "../table_room.ts";

const MIB = 1024 * 1024;

/** Without a limit of memory, settings stay as they are. What somebody set stays in any case. */
export function fitTable(settings: Settings, origins: Origins, read = readSystemFile): Settings {
  const limitBytes = memoryLimitBytes(read);
  if (limitBytes === undefined) return settings;
  const { limits, export: { traces } } = settings;
  const isSaid = origins.find("limits.flows_max") !== undefined;
  const queueRecords = traces.otlp.reduce((sum, { max_queue_size }) => sum + max_queue_size, 0) ||
    EXPORT_QUEUE_RECORDS_DEFAULT;
  const other = { slots: limits.slots, ringBytes: limits.ring_bytes, queueRecords };
  const { flowsMax, plannedBytes, fits } = tableRoom(limitBytes, other, isSaid ? limits.flows_max : undefined);
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
  return { ...settings, limits: { ...limits, flows_max: flowsMax } };
}

function inMib(bytes: number): number {
  return Math.round(bytes / MIB);
}

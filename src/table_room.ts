/** How many flows fit a limit of memory, beside everything else that an agent holds. */
import {
  FLOW_BYTES,
  FLOWS_MAX_FITTED,
  FLOWS_MAX_LEAST,
  QUEUE_RECORD_BYTES,
  RESIDENT_BYTES,
  SLOT_BYTES,
} from "./limits.ts";
import { SHADOW_BYTES } from "./memory_plan.ts";

/** The part of a limit that is planned with: the rest is for what comes and goes. */
const PLANNED_PART = 0.85;

export interface OtherMemory {
  slots: number;
  ringBytes: number;
  /** Room of all exporters' queues together. */
  queueRecords: number;
}

export interface TableRoom {
  flowsMax: number;
  /** What is planned with that many flows, everything full. */
  plannedBytes: number;
  /** Whether that is within the limit. */
  fits: boolean;
}

/** flowsWanted: as many, whatever the limit is; undefined: as many as fit it. */
export function tableRoom(limitBytes: number, other: OtherMemory, flowsWanted: number | undefined): TableRoom {
  const { slots, ringBytes, queueRecords } = other;
  const beside = RESIDENT_BYTES + slots * (SLOT_BYTES + SHADOW_BYTES) + ringBytes + queueRecords * QUEUE_RECORD_BYTES;
  const fitting = Math.floor((limitBytes * PLANNED_PART - beside) / FLOW_BYTES);
  const flowsMax = flowsWanted ?? Math.min(FLOWS_MAX_FITTED, Math.max(FLOWS_MAX_LEAST, fitting));
  return { flowsMax, plannedBytes: beside + flowsMax * FLOW_BYTES, fits: flowsMax <= fitting };
}

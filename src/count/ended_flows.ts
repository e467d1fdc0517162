/** Flows that ended, counted as their last records go out. */
import { type FlowRecord, RECORD_FLOW } from "../flow_record.ts";
import {
  FLOW_CLASSES,
  FLOW_DIRECTIONS,
  type FlowClass,
  flowClass,
  type FlowDirection,
  flowDirection,
} from "./flow_classes.ts";

export interface EndedCount {
  protocol: FlowClass;
  direction: FlowDirection;
  ended: number;
  /** Of these, TCP connections that the other side never agreed to: refused, or not answered. */
  failed: number;
}

const REASON_NONE = 0;
const REASON_ACTIVE = 2;
const TCP_SYN = 0x02;

export class EndedFlows {
  readonly #counts: EndedCount[] = FLOW_CLASSES.flatMap((protocol) =>
    FLOW_DIRECTIONS.map((direction) => ({ protocol, direction, ended: 0, failed: 0 }))
  );
  readonly #places: Record<string, EndedCount> = Object.fromEntries(
    this.#counts.map((count) => [count.protocol + count.direction, count]),
  );

  add(record: FlowRecord): void {
    const { endReason } = record;
    if (record.what !== RECORD_FLOW || endReason === REASON_NONE || endReason === REASON_ACTIVE) return;
    const protocol = flowClass(record.protocol);
    const count = this.#places[protocol + flowDirection(record)]!;
    count.ended++;
    if (protocol === "tcp" && record.tcpFlags(0) & TCP_SYN && !(record.tcpFlags(1) & TCP_SYN)) count.failed++;
  }

  counts(): readonly EndedCount[] {
    return this.#counts;
  }
}

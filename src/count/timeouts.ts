/** What follows from the table's timeouts, all of them together. */
import type { TableOptions } from "./table.ts";

/** The shortest silence that ends a flow which nobody ended. */
export function shortestIdleTimeoutMs(table: TableOptions): number {
  return Math.min(table.genericTimeoutMs, table.icmpTimeoutMs, table.tcpTimeoutMs, table.udpTimeoutMs);
}

/** A silence after which no flow is left, and nothing is due. */
export function longestSilenceMs(table: TableOptions): number {
  return Math.max(
    table.maxRecordIntervalMs,
    table.genericTimeoutMs,
    table.icmpTimeoutMs,
    table.tcpTimeoutMs,
    table.tcpFinTimeoutMs,
    table.tcpRstTimeoutMs,
    table.udpTimeoutMs,
  );
}

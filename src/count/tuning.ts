/** What of the table may change while it runs. Its thread reads each of these words where it needs it. */
import type { TableOptions } from "./table.ts";
import { SETTINGS, SETTINGS_WORDS } from "./table_layout.ts";

type Timeouts =
  & Pick<TableOptions, "genericTimeoutMs" | "icmpTimeoutMs" | "tcpTimeoutMs" | "tcpFinTimeoutMs" | "tcpRstTimeoutMs">
  & Pick<TableOptions, "udpTimeoutMs" | "maxRecordIntervalMs">;

export interface TableTuning extends Timeouts {
  /** Flows held at once; at most what the memory was planned for. */
  flowsMax: number;
}

/** Puts them in force, for flows that are there, too. */
export function tuneTable(memory: WebAssembly.Memory, tuning: TableTuning): void {
  const words = new Int32Array(memory.buffer);
  for (const [name, value] of Object.entries(tuning)) {
    const place = SETTINGS_WORDS.indexOf(name as (typeof SETTINGS_WORDS)[number]);
    Atomics.store(words, (SETTINGS >> 2) + place, value);
  }
}

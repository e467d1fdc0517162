/**
 * Stage 4 of 7, count: the flow table in WebAssembly.
 *
 * In: slots and ring records. Out: flow records, in the out ring. Drops: none: what finds no room is counted in
 * overflow aggregates, and a full out ring makes records longer, not fewer.
 */
export { type EndedCount, EndedFlows } from "./ended_flows.ts";
export { FLOW_CLASSES, FLOW_DIRECTIONS, type FlowCount } from "./flow_classes.ts";
export { OutReader, type RecordSink } from "./out_reader.ts";
export { SWEEP_DONE, SWEEP_MORE, SWEEP_OUT_FULL, Table, TableBroken, type TableOptions } from "./table.ts";
export { TableBooks, type TableStats } from "./table_books.ts";
export { longestSilenceMs, shortestIdleTimeoutMs } from "./timeouts.ts";
export { type TableTuning, tuneTable } from "./tuning.ts";
export { DEVICES, OUT_CONSUMED, OUT_PRODUCED } from "./table_layout.ts";

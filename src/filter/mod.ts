/**
 * Between enrich and export, filter: which flows are handed out.
 *
 * In: flow records, and what each means. Out: those that filter and sampling let pass. Drops: the others, in the books
 * as filtered_flow and sampled_out_flow. What the kernel program can decide it has kept from being counted already.
 */
export { type GateTerms, type RecordCounts, RecordGate } from "./record_gate.ts";

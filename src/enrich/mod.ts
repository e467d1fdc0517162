/**
 * Stage 5 of 7, enrich: what a flow means to people.
 *
 * In: flow records. Out: what each means. Drops: none.
 */
export { hostMeaning, type MeaningOf } from "./host_meaning.ts";
export type { OwnAddress } from "./kind.ts";
export { namedMeaning, type Naming } from "./naming.ts";
export { ownAddresses } from "./own_addresses.ts";

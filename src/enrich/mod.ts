/**
 * Stage 5 of 7, enrich: what a flow means to people.
 *
 * In: flow records. Out: the same, with the kind of span that they make. Drops: none.
 */
export { spanKind } from "./kind.ts";
export { ownAddresses } from "./own_addresses.ts";

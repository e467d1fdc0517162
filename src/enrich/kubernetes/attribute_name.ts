/** Which names the configuration may give to what it extracts: none that flows have anyway. */
import { ATTRIBUTE_NAME_LENGTH_MAX } from "../../limits.ts";
import { KUBERNETES_ATTRIBUTES } from "./attribute_table.ts";
import type { UnextractedReason } from "./counters.ts";

/** Every flow's: source.address, source.port. */
const OF_EVERY_FLOW = ["address", "port"];

const OF_KUBERNETES = KUBERNETES_ATTRIBUTES
  .filter(({ of, name }) => of === "end" && !name.endsWith("KEY"))
  .map(({ name }) => name.replaceAll(".", "\\.").replace("KIND", "[^.]+"));

const BUILT_IN_REGEXP = new RegExp(`^(?:${[...OF_EVERY_FLOW, ...OF_KUBERNETES].join("|")})$`);

/** Why an attribute of an end cannot be called so; undefined: it can. */
export function nameRefusal(name: string): Exclude<UnextractedReason, "other_value"> | undefined {
  if (name === "") return "no_name";
  if (name.length > ATTRIBUTE_NAME_LENGTH_MAX) return "long_name";
  return BUILT_IN_REGEXP.test(name) ? "built_in_name" : undefined;
}

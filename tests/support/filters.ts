/** Filters as people write them, and as weir has them, without a file in between. */
import type { FilterSettings } from "../../src/filter_keys.ts";
import { parseAddressPattern } from "../../src/settings/patterns/address_pattern.ts";
import { parseLabelPattern } from "../../src/settings/patterns/label_pattern.ts";
import { parseNumberRange } from "../../src/settings/patterns/number_range.ts";

export interface Written {
  match?: string[];
  not_match?: string[];
}

type Block = "source" | "destination" | "network" | "flow";
type Keys<Name extends Block> = { [Key in keyof FilterSettings[Name]]?: Written };

export type WrittenFilter = { [Name in Block]?: Keys<Name> };

const U32_MAX = 0xffff_ffff;
const READERS: Record<string, (text: string) => unknown> = {
  address: parseAddressPattern,
  label: parseLabelPattern,
  ...Object.fromEntries(
    ["port", "interface_index", "ip_ttl", "ip_flow_label"].map((key) => [
      key,
      (text: string) => parseNumberRange(text, U32_MAX),
    ]),
  ),
};

/** What the settings hold when this is written in them. Throws for a pattern that cannot be read. */
export function filterOf(written: WrittenFilter): FilterSettings {
  const block = (keys: Record<string, Written | undefined> = {}) =>
    Object.fromEntries(
      Object.entries(keys).map(([key, { match = [], not_match = [] } = {}]) => {
        const read = (text: string) => {
          const pattern = READERS[key] ? READERS[key](text) : { text };
          if (pattern === undefined) throw new Error(`"${text}" is no pattern of ${key}`);
          return pattern;
        };
        return [key, { match: match.map(read), not_match: not_match.map(read) }];
      }),
    );
  const { source, destination, network, flow } = written;
  return {
    source: block(source),
    destination: block(destination),
    network: block(network),
    flow: block(flow),
  } as unknown as FilterSettings;
}

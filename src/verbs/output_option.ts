/** --output, the same for every verb that hands flows out. */
import { Option } from "commander";

const OUTPUTS = ["text", "json", "none"] as const;
export type Output = typeof OUTPUTS[number];

export function outputOption(): Option {
  return new Option("-o, --output <kind>", "how flows leave (default: text on a terminal, else json)").choices(OUTPUTS);
}

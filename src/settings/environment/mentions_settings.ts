/** Whether the environment says anything about settings at all. */
import { isServiceLink } from "./service_links.ts";

const PREFIX_REGEXP = /^(?:WEIR|MERMIN|NETMON)_/;

/** Of the environment, what could be about settings. An empty variable is one that is not set. */
export function settingVariables(variables: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...variables].filter(([name, value]) => PREFIX_REGEXP.test(name) && value !== "" && !isServiceLink(name, value)),
  );
}

export function mentionsSettings(variables: ReadonlyMap<string, string>): boolean {
  return settingVariables(variables).size > 0;
}

/** --log-level and --log-format, the same for every verb that logs. */
import { Option } from "commander";

export function logOptions(): Option[] {
  return [
    new Option("--log-level <level>", "least level of log lines").choices(["trace", "debug", "info", "warn", "error"]),
    new Option("--log-format <format>", "text, or json: one object a line").choices(["text", "json"]),
  ];
}

/** Shown settings as JSON, which is read as YAML. */
import { escaped } from "./yaml_text.ts";

export function jsonText(shown: unknown): string {
  return `${JSON.stringify(shown, (_, value) => typeof value === "string" ? escaped(value) : value, 2)}\n`;
}

/** Settings as a file says them: lengths of time as texts, patterns as they were written, secrets hidden. */
import { formatDuration } from "../duration.ts";
import { type Settings, settingsSchema } from "../schema/schema.ts";
import { type Schema, type View, view } from "../schema/view.ts";

export type Shown = string | number | boolean | Shown[] | { [key: string]: Shown };

const HIDDEN = "***";

export function shownSettings(settings: Settings): Record<string, Shown> {
  return shownGroup(view(settingsSchema), settings as Record<string, unknown>);
}

function shownGroup({ entries }: View, values: Record<string, unknown>): Record<string, Shown> {
  const shown: Record<string, Shown> = {};
  for (const [key, schema] of Object.entries(entries)) {
    const value = values[key];
    const inner = view(schema);
    // what has no effect is no part of it
    if (value === undefined || inner.type === "unknown") continue;
    const below = shownValue(inner, value);
    if (!isEmptyGroup(inner, below)) shown[key] = below;
  }
  return shown;
}

function isEmptyGroup({ type }: View, shown: Shown): boolean {
  return type === "strict_object" && Object.keys(shown).length === 0;
}

function shownValue(at: View, value: unknown): Shown {
  if (at.facts.isSecret) return hidden(value);
  switch (at.type) {
    case "strict_object":
      return shownGroup(at, value as Record<string, unknown>);
    case "array":
      return (value as unknown[]).map((item) => shownValue(view(at.item as Schema), item));
    case "string":
      return typeof value === "number" ? formatDuration(value) : value as string;
    default:
      return isPattern(value) ? value.text : value as Shown;
  }
}

function hidden(value: unknown): Shown {
  if (typeof value === "string") return HIDDEN;
  return Object.fromEntries(Object.keys(value as object).map((key) => [key, HIDDEN]));
}

function isPattern(value: unknown): value is { text: string } {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
}

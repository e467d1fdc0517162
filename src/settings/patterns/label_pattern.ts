/** Labels of Kubernetes' objects, as filters have them. */
import { glob } from "../../name_pattern.ts";

export interface LabelPattern {
  /** As it was written. */
  text: string;
  key: string;
  /** A glob; undefined: whatever the value is. */
  value: string | undefined;
}

/** A label's key (Kubernetes, "Labels and Selectors"): a name, perhaps behind a DNS prefix and a slash. */
const KEY_REGEXP = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;

/** "app=web*" or "app" alone; undefined where it is neither. Throws SyntaxError for a glob that cannot be read. */
export function parseLabelPattern(text: string): LabelPattern | undefined {
  const [, key = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (!KEY_REGEXP.test(key)) return undefined;
  if (value) glob(value);
  return { text, key, value };
}

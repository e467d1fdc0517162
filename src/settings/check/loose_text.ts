/** Texts of environment variables, read as what their key wants. */
import type { Origin } from "../document/origin.ts";
import { group, type List, type Scalar, scalar, type Tree } from "../document/tree.ts";
import { treeOf } from "../document/tree_of.ts";

const YES = ["true", "yes", "on", "1"];
const NO = ["false", "no", "off", "0"];

export function toBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return YES.includes(word) ? true : NO.includes(word) ? false : undefined;
}

export function toNumber(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Words with commas between them, or JSON. Undefined: what looks like JSON is none. */
export function splitList({ value, origin }: Scalar): Tree | undefined {
  const text = String(value).trim();
  if (text.startsWith("[")) return fromJson(text, origin);
  const words = splitAtCommas(text).map((word) => word.trim()).filter(Boolean);
  return { kind: "list", items: words.map((word) => scalar(word, origin, true)), origin } satisfies List;
}

/** name=text with commas between, as OTEL_EXPORTER_OTLP_HEADERS has them, or JSON. */
export function splitNamed({ value, origin }: Scalar): Tree | undefined {
  const text = String(value).trim();
  if (text.startsWith("{")) return fromJson(text, origin);
  const pairs = splitAtCommas(text).map((pair) => pair.trim()).filter(Boolean);
  if (pairs.some((pair) => !/^[^=]+=/.test(pair))) return undefined;
  return group(
    origin,
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), { origin, value: scalar(pair.slice(at + 1).trim(), origin, true) }];
    }),
  );
}

/** Not at those inside the braces of a glob. */
function splitAtCommas(text: string): string[] {
  return text.split(/,(?![^{]*\})/);
}

function fromJson(text: string, origin: Origin): Tree | undefined {
  try {
    return treeOf(JSON.parse(text), origin);
  } catch {
    return undefined; // whoever asked says what is wanted instead
  }
}

/** What of an object becomes attributes, read once from the configuration's lists. */
// @ts-types="@types/picomatch"
import picomatch from "picomatch";
import { UsageError } from "../../errors.ts";
import { KEY_PATTERN_LENGTH_MAX, LABEL_LENGTH_MAX } from "../../limits.ts";
import { type Labels, NO_LABELS } from "./label_selector.ts";
import type { ExtractOptions } from "./options.ts";

/** What can be extracted of every kind; and of containers, which are no kind but have names. */
const FIELDS = ["name", "namespace", "uid", "labels", "annotations", "node_name"] as const;
export type Field = typeof FIELDS[number];
type KeyField = "labels" | "annotations";

const EVERY_KIND = "*";
const METADATA_REGEXP = /^(?:\[\*\]|(\w+))\.metadata\.(\w+)(?:\.([\w./-]+)|\[(?:'([^']+)'|"([^"]+)"|([\w./-]+))\])?$/;

type KeyMatcher = (key: string) => boolean;

export class Extraction {
  readonly #fields = new Set<string>();
  readonly #keys: Record<KeyField, Map<string, KeyMatcher[]>> = { labels: new Map(), annotations: new Map() };

  /** Throws {@linkcode UsageError} for what cannot be extracted. */
  constructor({ metadata, labels, annotations }: ExtractOptions) {
    for (const text of metadata) this.#addMetadata(text);
    for (const { from, key } of labels) this.#addKey("labels", from.toLowerCase(), key);
    for (const { from, key } of annotations) this.#addKey("annotations", from.toLowerCase(), key);
  }

  #addMetadata(text: string): void {
    const [, word = EVERY_KIND, field = "", ...keys] = METADATA_REGEXP.exec(text) ?? [];
    if (!FIELDS.includes(field as Field)) {
      throw new UsageError(
        `Cannot extract "${text}": [*] or a kind, ".metadata." and one of ${FIELDS.join(", ")} is wanted`,
      );
    }
    const key = keys.find((part) => part !== undefined);
    if (field === "labels" || field === "annotations") this.#addKey(field, word.toLowerCase(), key ?? "*");
    else this.#fields.add(`${word.toLowerCase()}.${field}`);
  }

  #addKey(field: KeyField, word: string, pattern: string): void {
    if (pattern === "" || pattern.length > KEY_PATTERN_LENGTH_MAX) {
      throw new UsageError(
        `Cannot extract ${field} "${pattern.slice(0, 40)}": 1 to ${KEY_PATTERN_LENGTH_MAX} characters are possible`,
      );
    }
    let matches: KeyMatcher;
    try {
      // as in bash a star takes slashes, too: keys have one behind their prefix
      matches = picomatch(pattern, { dot: true, nonegate: true, strictBrackets: true, bash: true });
    } catch (cause) {
      throw new UsageError(`Cannot extract ${field} "${pattern}": ${(cause as Error).message}`, { cause });
    }
    const ofField = this.#keys[field];
    ofField.set(word, [...ofField.get(word) ?? [], matches]);
  }

  /** word: a kind's, or "container". */
  has(word: string, field: Exclude<Field, KeyField>): boolean {
    return this.#fields.has(`${word}.${field}`) || this.#fields.has(`${EVERY_KIND}.${field}`);
  }

  hasKeys(field: KeyField): boolean {
    return this.#keys[field].size > 0;
  }

  wantsKey(word: string, field: KeyField, key: string): boolean {
    const matches = (matcher: KeyMatcher) => matcher(key);
    const ofField = this.#keys[field];
    return (ofField.get(word)?.some(matches) ?? false) || (ofField.get(EVERY_KIND)?.some(matches) ?? false);
  }
}

/** What any of the sides wants of an object's labels or annotations, by key, cut to a bearable length. */
export function wantedKeys(
  extractions: readonly Extraction[],
  word: string,
  field: KeyField,
  values: Labels | undefined,
): Labels {
  if (!values || !extractions.some((extraction) => extraction.hasKeys(field))) return NO_LABELS;
  const wanted = Object.entries(values).filter(([key, value]) =>
    typeof value === "string" && extractions.some((extraction) => extraction.wantsKey(word, field, key))
  );
  if (!wanted.length) return NO_LABELS;
  return Object.fromEntries(wanted.map(([key, value]) => [key, value.slice(0, LABEL_LENGTH_MAX)]));
}

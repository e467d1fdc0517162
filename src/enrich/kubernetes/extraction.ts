/** What of an object becomes attributes, read once from the configuration's lists. */
import { UsageError } from "../../errors.ts";
import { LABEL_LENGTH_MAX } from "../../limits.ts";
import { KeyExtractor, type KeyField } from "./key_extractor.ts";
import { type Labels, NO_LABELS } from "./label_selector.ts";
import { EVERY_KIND, type ExtractOptions } from "./options.ts";

/** What can be extracted of every kind; and of containers, which are no kind but have names. */
const FIELDS = ["name", "namespace", "uid", "labels", "annotations", "node_name"] as const;
export type Field = typeof FIELDS[number];

export const KEY_FIELDS: readonly KeyField[] = ["labels", "annotations"];

const METADATA_REGEXP = /^(?:\[\*\]|(\w+))\.metadata\.(\w+)(?:\.([\w./-]+)|\[(?:'([^']+)'|"([^"]+)"|([\w./-]+))\])?$/;

export class Extraction {
  readonly #fields = new Set<string>();
  readonly #extractors: Record<KeyField, KeyExtractor[]> = { labels: [], annotations: [] };

  /** Throws {@linkcode UsageError} for what cannot be extracted. */
  constructor({ metadata, labels, annotations }: ExtractOptions) {
    for (const text of metadata) this.#addMetadata(text);
    for (const rule of labels) this.#extractors.labels.push(new KeyExtractor("labels", rule));
    for (const rule of annotations) this.#extractors.annotations.push(new KeyExtractor("annotations", rule));
  }

  #addMetadata(text: string): void {
    const [, word = EVERY_KIND, field = "", ...keys] = METADATA_REGEXP.exec(text) ?? [];
    if (!FIELDS.includes(field as Field)) {
      throw new UsageError(
        `Cannot extract "${text}": [*] or a kind, ".metadata." and one of ${FIELDS.join(", ")} is wanted`,
      );
    }
    const key = keys.find((part) => part !== undefined) ?? "*";
    if (field === "labels" || field === "annotations") {
      this.#extractors[field].push(new KeyExtractor(field, { from: word, key }));
    } else this.#fields.add(`${word.toLowerCase()}.${field}`);
  }

  /** word: a kind's, or "container". */
  has(word: string, field: Exclude<Field, KeyField>): boolean {
    return this.#fields.has(`${word}.${field}`) || this.#fields.has(`${EVERY_KIND}.${field}`);
  }

  /** In the order in which they have a say. */
  extractors(field: KeyField): readonly KeyExtractor[] {
    return this.#extractors[field];
  }

  wants(word: string, field: KeyField, key: string, value: string): boolean {
    return this.#extractors[field].some((extractor) => extractor.wants(word, key, value));
  }
}

/** What any of the sides takes of an object's labels or annotations, by key, cut to a bearable length. */
export function wantedKeys(
  extractions: readonly Extraction[],
  word: string,
  field: KeyField,
  values: Labels | null | undefined,
): Labels {
  if (!values || !extractions.some((extraction) => extraction.extractors(field).length)) return NO_LABELS;
  const wanted = Object.entries(values).filter(([key, value]) =>
    typeof value === "string" && extractions.some((extraction) => extraction.wants(word, field, key, value))
  );
  if (!wanted.length) return NO_LABELS;
  return Object.fromEntries(wanted.map(([key, value]) => [key, value.slice(0, LABEL_LENGTH_MAX)]));
}

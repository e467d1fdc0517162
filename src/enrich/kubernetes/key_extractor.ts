/** One rule for labels or annotations: whose, which keys and values, and what attribute they become. */
// @ts-types="@types/picomatch"
import picomatch from "picomatch";
import { UsageError } from "../../errors.ts";
import { KEY_PATTERN_LENGTH_MAX, LABEL_KEY_LENGTH_MAX, LABEL_LENGTH_MAX } from "../../limits.ts";
import { nameRefusal } from "./attribute_name.ts";
import { type Groups, GroupTemplate } from "./group_template.ts";
import { kindOf, KINDS } from "./kinds.ts";
import { EVERY_KIND, type KeyRule } from "./options.ts";

export type KeyField = "labels" | "annotations";

export interface Extracted {
  name: string;
  value: string;
}

/** What of a text matches; undefined: it does not. */
type Matcher = (text: string) => Groups | undefined;

/** What default names call the field. */
const PARTS: Readonly<Record<KeyField, string>> = { labels: "label", annotations: "annotations" };

/** Kinds whose objects name ends of flows. Slices say all that Endpoints say. */
const WORDS = KINDS.filter(({ name }) => name !== "Endpoints").map(({ word }) => word);

/** Of a text in a message. */
const SHOWN_LENGTH_MAX = 80;

/**
 * Of a value that an expression looks at. Whoever makes objects chooses it, so it is short: .*.*=.*, which goes back
 * for each pair of characters, takes a few ms at this length, and 1 s at four times as much. (a+)+$ takes twice as long
 * for each character: no length that is of use bounds it, it is not to be written.
 */
const MATCHED_LENGTH_MAX = 256;

const SIDE_REGEXP = /^(?:source|destination)\./;

export class KeyExtractor {
  readonly #word: string;
  readonly #part: string;
  readonly #matchKey: Matcher;
  readonly #matchValue: Matcher;
  readonly #name: GroupTemplate | undefined;
  readonly #value: GroupTemplate | undefined;

  /** Throws {@linkcode UsageError} for a rule that cannot be followed. */
  constructor(field: KeyField, { from, key, keyRegex, valueRegex, attribute, attributeValue }: KeyRule) {
    if ((key === undefined) === (keyRegex === undefined)) {
      const state = key === undefined ? "neither key nor key_regex is there" : "key and key_regex are both there";
      throw new UsageError(`Cannot extract ${field} of "${from}": ${state}; give one of them`);
    }
    this.#word = readWord(field, from);
    this.#part = PARTS[field];
    const keys = keyRegex === undefined ? undefined : readExpression(field, "key_regex", keyRegex);
    const values = valueRegex === undefined ? undefined : readExpression(field, "value_regex", valueRegex);
    this.#matchKey = keys ? matcherOf(new RegExp(`^(?:${keys.source})$`, keys.flags)) : readGlob(field, key!);
    const matchValue = values && matcherOf(values);
    this.#matchValue = matchValue ? (value) => matchValue(value.slice(0, MATCHED_LENGTH_MAX)) : (value) => [value];
    if (attribute !== undefined) this.#name = readName(field, attribute, keys);
    if (attributeValue !== undefined) {
      this.#value = readTemplate(field, "attribute_value", attributeValue, "value_regex", values);
    }
  }

  /** Whether it takes a label or annotation of a kind's object. */
  wants(word: string, key: string, value: string): boolean {
    return this.#groupsOf(word, key) !== undefined && this.#matchValue(cut(value)) !== undefined;
  }

  /** What it makes of a label or annotation, under whatever name comes out; undefined: it does not take it. */
  extract(word: string, key: string, value: string): Extracted | undefined {
    const keyGroups = this.#groupsOf(word, key);
    const valueGroups = keyGroups && this.#matchValue(cut(value));
    if (!valueGroups) return undefined;
    return {
      name: this.#name?.fill(keyGroups) ?? `k8s.${word}.${this.#part}.${key}`,
      value: cut(this.#value?.fill(valueGroups) ?? value),
    };
  }

  #groupsOf(word: string, key: string): Groups | undefined {
    const isMeant = (this.#word === EVERY_KIND || this.#word === word) && key.length <= LABEL_KEY_LENGTH_MAX;
    return isMeant ? this.#matchKey(key) : undefined;
  }
}

function cut(value: string): string {
  return value.slice(0, LABEL_LENGTH_MAX);
}

function readWord(field: KeyField, from: string): string {
  if (from === EVERY_KIND) return from;
  const word = kindOf(from)?.word;
  if (word && WORDS.includes(word)) return word;
  throw new UsageError(
    `Cannot extract ${field} of "${from}": no flow is named after one; one of *, ${WORDS.join(", ")} is wanted`,
  );
}

/** Of a setting whose text cannot be. */
function unusable(field: KeyField, setting: string, text: string, state: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot use ${setting} "${text.slice(0, SHOWN_LENGTH_MAX)}" for ${field}: ${state}`, { cause });
}

function checkLength(field: KeyField, setting: string, text: string): void {
  if (text !== "" && text.length <= KEY_PATTERN_LENGTH_MAX) return;
  throw unusable(field, setting, text, `1 to ${KEY_PATTERN_LENGTH_MAX} characters are possible`);
}

function readGlob(field: KeyField, pattern: string): Matcher {
  checkLength(field, "key", pattern);
  try {
    // as in bash a star takes slashes, too: keys have one behind their prefix
    const matches = picomatch(pattern, { dot: true, nonegate: true, strictBrackets: true, bash: true });
    return (key) => matches(key) ? [key] : undefined;
  } catch (cause) {
    throw unusable(field, "key", pattern, (cause as Error).message, cause);
  }
}

function readExpression(field: KeyField, setting: string, source: string): RegExp {
  checkLength(field, setting, source);
  try {
    return new RegExp(source, "u");
  } catch (cause) {
    throw unusable(field, setting, source, (cause as Error).message, cause);
  }
}

function matcherOf(expression: RegExp): Matcher {
  return (text) => expression.exec(text) ?? undefined;
}

function readName(field: KeyField, text: string, keys: RegExp | undefined): GroupTemplate {
  const template = readTemplate(field, "attribute", text, "key_regex", keys);
  if (SIDE_REGEXP.test(text)) {
    throw unusable(field, "attribute", text, "the flow's side comes in front by itself; leave it out");
  }
  if (template.isFixed && nameRefusal(template.fill([]))) {
    throw unusable(field, "attribute", text, "flows have an attribute of this name; give another one");
  }
  return template;
}

function readTemplate(
  field: KeyField,
  setting: string,
  text: string,
  of: string,
  expression: RegExp | undefined,
): GroupTemplate {
  checkLength(field, setting, text);
  const template = new GroupTemplate(text);
  const groups = expression ? groupCount(expression) : 0;
  if (template.lastGroup <= groups) return template;
  const state = expression
    ? `${of} has no group ${template.lastGroup}`
    : `there is no ${of} whose groups it could name`;
  throw unusable(field, setting, text, state);
}

/** An alternative that matches nothing matches everything, and says how many groups the others have. */
function groupCount({ source, flags }: RegExp): number {
  return new RegExp(`${source}|`, flags).exec("")!.length - 1;
}

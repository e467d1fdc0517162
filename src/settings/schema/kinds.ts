/**
 * The kinds of values that settings have. Each says what it wants in the words of its messages; what a key is for, and
 * its default, stand where the key is.
 */
import * as v from "valibot";
import { PORT_MOST } from "../../limits.ts";
import { formatDuration, parseDurationMs } from "../duration.ts";

type Schema = v.GenericSchema;

/** What is known of a key beside its kind. */
export interface Facts {
  /** What it wants, where the schema does not tell: "a length of time from 1s to 1d". */
  wanted?: string;
  /** Why it does not do what it says: shown once when a file sets it to anything but `fixed`. */
  notice?: string;
  /** The value that weir acts by whatever is set. */
  fixed?: string | number | boolean;
  /** Not to be shown. */
  isSecret?: true;
  /** It has no effect yet, and will have one. */
  isLater?: true;
}

/** A key with a default. */
export function setting<const Inner extends Schema>(
  says: string,
  inner: Inner,
  standard: v.InferInput<Inner>,
  facts: Facts = {},
) {
  return v.optional(v.pipe(inner, v.description(says), v.metadata({ ...facts })), standard);
}

/** A key that may be left out. */
export function choice<const Inner extends Schema>(says: string, inner: Inner, facts: Facts = {}) {
  return v.optional(v.pipe(inner, v.description(says), v.metadata({ ...facts })));
}

/** Keys under a name. Left out it is as an empty one. */
export function group<const Entries extends v.ObjectEntries>(says: string, entries: Entries, facts: Facts = {}) {
  const inner = v.pipe(v.strictObject(entries), v.description(says), v.metadata({ ...facts }));
  return v.optional(inner, {} as v.InferInput<typeof inner>);
}

/** A key that weir needs not, or not yet: accepted whatever it says, with a notice. */
export function accepted(notice: string, facts: Facts = {}) {
  return choice("Has no effect.", v.unknown(), { ...facts, notice });
}

const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

/** A length of time, as "30s"; ms once it is read. */
export function duration(leastMs: number, mostMs: number) {
  const range = `from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  const wanted = `a length of time ${range}, as 500ms, 30s or 1h30m`;
  const message = `${wanted}, is wanted`;
  return v.pipe(
    v.string(message),
    v.metadata({ wanted } satisfies Facts),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const ms = parseDurationMs(dataset.value);
      if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
      const wrong = ms === undefined ? "is no length of time" : "is out of range";
      addIssue({ message: `"${dataset.value}" ${wrong}: ${message}` });
      return NEVER;
    }),
  );
}

/** How long something may take, or a flow may be idle: 1s to 1d. */
export function timeout() {
  return duration(SECOND_MS, DAY_MS);
}

export function whole(least: number, most: number) {
  const message = `a whole number from ${least} to ${most} is wanted`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

export function fraction() {
  const message = "a number from 0 to 1 is wanted";
  return v.pipe(v.number(message), v.minValue(0, message), v.maxValue(1, message));
}

export function word<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, `one of ${words.join(", ")} is wanted`);
}

export function text() {
  return v.pipe(v.string("a text is wanted"), v.nonEmpty("must not be empty"));
}

export function yesOrNo() {
  return v.boolean("true or false is wanted");
}

export function port(least = 1) {
  return whole(least, PORT_MOST);
}

export function listOf<const Item extends Schema>(item: Item) {
  return v.array(item, "a list is wanted");
}

/** Names and texts of the file's own. */
export function namedTexts() {
  return v.record(v.string(), v.string("a text is wanted"), "names with texts are wanted");
}

/** Upper bounds of a histogram's buckets. */
export function buckets() {
  const message = "numbers that grow, at least one, are wanted";
  return v.pipe(
    listOf(v.pipe(v.number("a number is wanted"), v.finite("a number is wanted"))),
    v.check((bounds) => bounds.length > 0 && bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!), message),
  );
}

/** An amount of memory or of CPU as Kubernetes writes it (resource.Quantity); numbers need no quotation marks. */
export function quantity() {
  const message = 'an amount is wanted, as "512Mi", "1Gi", "500m" or 2';
  return v.pipe(
    v.union([v.string(), v.number()], message),
    v.transform(String),
    v.regex(/^\d+(?:\.\d+)?(?:m|[KMGTPE]i?|k)?$/, message),
  );
}

/**
 * Paths into objects, as association rules write them: "status.podIP", "status.podIPs[*]", "spec.ports[*].port",
 * "metadata.annotations['example.org/address']", with or without "$." in front.
 */
import { UsageError } from "../../errors.ts";
import { PATH_VALUES_MAX } from "../../limits.ts";

type Step = string | number | typeof EVERY;
const EVERY = Symbol("[*]");

const STEP_REGEXP = /\.?([A-Za-z_][\w-]*)|\[(\*)\]|\[(\d+)\]|\[(?:'([^']+)'|"([^"]+)")\]/y;

export class ObjectPath {
  readonly text: string;
  readonly #steps: readonly Step[];

  /** Throws {@linkcode UsageError} for what is no path. */
  constructor(text: string) {
    this.text = text;
    this.#steps = stepsOf(text);
  }

  /** What an object has there; nothing when it has nothing. */
  valuesIn(object: unknown): unknown[] {
    const values: unknown[] = [];
    this.#collect(object, 0, values);
    return values;
  }

  #collect(value: unknown, at: number, values: unknown[]): void {
    if (value === undefined || value === null || values.length >= PATH_VALUES_MAX) return;
    const step = this.#steps[at];
    if (step === undefined) {
      values.push(value);
    } else if (step === EVERY) {
      if (Array.isArray(value)) { for (const item of value) this.#collect(item, at + 1, values); }
    } else if (typeof value === "object" && Object.hasOwn(value, step)) {
      this.#collect((value as Record<string | number, unknown>)[step], at + 1, values);
    }
  }
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  const path = text.replace(/^\$\.?/, "");
  STEP_REGEXP.lastIndex = 0;
  while (STEP_REGEXP.lastIndex < path.length) {
    const at = STEP_REGEXP.lastIndex;
    const match = STEP_REGEXP.exec(path);
    // the first step has no dot in front, every other name has one
    if (!match || match[1] !== undefined && (at > 0) !== path.startsWith(".", at)) {
      throw new UsageError(
        `Cannot use path "${text}": "${path.slice(at, at + 20)}" is no step; as in status.podIPs[*]`,
      );
    }
    const [, name, every, place, quoted, doubleQuoted] = match;
    steps.push(every ? EVERY : place !== undefined ? Number(place) : (name ?? quoted ?? doubleQuoted)!);
  }
  if (!steps.length) throw new UsageError(`Cannot use path "${text}": it is empty; as in status.podIPs[*]`);
  return steps;
}

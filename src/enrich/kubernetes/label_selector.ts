/** Label selectors, as Kubernetes has them: what all of an object's labels must meet. */
import { UsageError } from "../../errors.ts";
import type { LabelExpression } from "./options.ts";

export type Labels = Readonly<Record<string, string>>;

export const NO_LABELS: Labels = Object.freeze({});

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
type Operator = typeof OPERATORS[number];

interface Requirement {
  key: string;
  operator: Operator;
  values: readonly string[];
}

export class LabelSelector {
  readonly #requirements: readonly Requirement[];

  /** Throws {@linkcode UsageError} for an operator that there is not. */
  constructor(matchLabels?: Labels | null, matchExpressions?: readonly LabelExpression[] | null) {
    this.#requirements = [
      ...Object.entries(matchLabels ?? {}).map(([key, value]): Requirement => ({
        key,
        operator: "In",
        values: [value],
      })),
      ...(matchExpressions ?? []).map(requirementOf),
    ];
  }

  /** Everything matches a selector that asks for nothing. */
  get isEmpty(): boolean {
    return this.#requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    return this.#requirements.every((requirement) => meets(labels, requirement));
  }

  /** As the API's labelSelector parameter has it. */
  toString(): string {
    return this.#requirements.map(({ key, operator, values }) => {
      switch (operator) {
        case "In":
          return `${key} in (${values.join(",")})`;
        case "NotIn":
          return `${key} notin (${values.join(",")})`;
        case "Exists":
          return key;
        case "DoesNotExist":
          return `!${key}`;
      }
    }).join(",");
  }
}

function requirementOf({ key, operator, values: raw }: LabelExpression): Requirement {
  const values = raw ?? [];
  const known = OPERATORS.find((name) => name.toLowerCase() === operator.toLowerCase());
  if (!known) {
    throw new UsageError(
      `Cannot use operator "${operator}" for label "${key}": one of ${OPERATORS.join(", ")} is wanted`,
    );
  }
  if ((known === "In" || known === "NotIn") && !values.length) {
    throw new UsageError(`Cannot use operator "${known}" for label "${key}" without values: name one or more`);
  }
  return { key, operator: known, values };
}

/** What is not there is not in any list of values, so it meets NotIn. */
function meets(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** Selector relations: objects that name a pod because their selector matches its labels. */
import { UsageError } from "../../errors.ts";
import { INTERNED_VALUES } from "../../limits.ts";
import { Interner } from "./interner.ts";
import { type Kind, type KindName, kindOf } from "./kinds.ts";
import { type Labels, LabelSelector } from "./label_selector.ts";
import { ObjectPath } from "./object_path.ts";
import type { LabelExpression, SelectorRelation } from "./options.ts";
import type { RawObject } from "./raw_object.ts";

/** Where each kind has its own selector. */
const NATURAL_PATHS: Partial<Record<KindName, { labels: string; expressions?: string }>> = {
  NetworkPolicy: { labels: "spec.podSelector.matchLabels", expressions: "spec.podSelector.matchExpressions" },
  Service: { labels: "spec.selector" },
  ReplicaSet: workload("spec.selector"),
  Deployment: workload("spec.selector"),
  StatefulSet: workload("spec.selector"),
  DaemonSet: workload("spec.selector"),
  Job: workload("spec.selector"),
  CronJob: workload("spec.jobTemplate.spec.selector"),
};

function workload(path: string): { labels: string; expressions: string } {
  return { labels: `${path}.matchLabels`, expressions: `${path}.matchExpressions` };
}

interface Paths {
  labels: ObjectPath | undefined;
  expressions: ObjectPath | undefined;
}

export class SelectorRelations {
  readonly #paths = new Map<KindName, Paths>();
  readonly #selectors = new Interner<LabelSelector>(INTERNED_VALUES);

  /** Throws {@linkcode UsageError}. */
  constructor(relations: readonly SelectorRelation[]) {
    for (const relation of relations) {
      const { name } = relatedKind(relation);
      const natural = NATURAL_PATHS[name]!;
      const { selectorMatchLabelsField: labels, selectorMatchExpressionsField: expressions } = relation;
      const path = (text: string | undefined) => text === undefined ? undefined : new ObjectPath(text);
      const isGiven = labels !== undefined || expressions !== undefined;
      this.#paths.set(name, {
        labels: path(isGiven ? labels : natural.labels),
        expressions: path(isGiven ? expressions : natural.expressions),
      });
    }
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  has(name: KindName): boolean {
    return this.#paths.has(name);
  }

  kinds(): KindName[] {
    return [...this.#paths.keys()];
  }

  /** The selector that an object names pods by. A policy's that asks for nothing takes all; others' take none. */
  selectorIn(name: KindName, raw: RawObject): LabelSelector | undefined {
    const paths = this.#paths.get(name);
    if (!paths) return undefined;
    const labels = paths.labels?.valuesIn(raw).filter(isGroup).reduce((all, some) => ({ ...all, ...some }), {});
    const expressions = paths.expressions?.valuesIn(raw).flat().filter(isGroup);
    const selector = this.#selectors.get(
      JSON.stringify([labels, expressions]),
      () => new LabelSelector(labels as Labels, expressions as unknown as LabelExpression[]),
    );
    return selector.isEmpty && name !== "NetworkPolicy" ? undefined : selector;
  }
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function relatedKind({ kind: word, to }: SelectorRelation): Kind {
  const kind = kindOf(word);
  if (!kind || !NATURAL_PATHS[kind.name]) {
    const known = Object.keys(NATURAL_PATHS).join(", ");
    throw new UsageError(`Cannot relate kind "${word}" by selector: one of ${known} is wanted`);
  }
  if (kindOf(to)?.name !== "Pod") throw new UsageError(`Cannot relate ${kind.name} to "${to}": Pod is wanted`);
  return kind;
}

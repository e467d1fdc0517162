/** The part of the filter that goes by names from Kubernetes: decided once a record's ends have been named. */
import type { AttributeSet, FlowNames } from "../attribute_sets.ts";
import { type FilterSettings, hasPatterns, namesPass, passes, unknownPasses } from "../filter_keys.ts";
import { glob } from "../name_pattern.ts";

export type NameFilter = (names: FlowNames) => boolean;

const NAMESPACE = "k8s.namespace.name";
const POD = "k8s.pod.name";
const LABEL_PREFIX = "k8s.pod.label.";

type EndSettings = FilterSettings["source"];

/** undefined: every record passes. */
export function nameFilter({ source, destination }: FilterSettings): NameFilter | undefined {
  const sourcePasses = endFilter(source);
  const destinationPasses = endFilter(destination);
  if (!sourcePasses && !destinationPasses) return undefined;
  return (names) => (sourcePasses?.(names.source) ?? true) && (destinationPasses?.(names.destination) ?? true);
}

/** An end without a name meets no pattern. The answer for a set of attributes is remembered with it. */
function endFilter({ namespace, pod, label }: EndSettings): ((set: AttributeSet | undefined) => boolean) | undefined {
  if (![namespace, pod, label].some((key) => hasPatterns<unknown>(key))) return undefined;
  const namespacePasses = namesPass(namespace);
  const podPasses = namesPass(pod);
  const labels = labelsPass(label);
  const known = new WeakMap<AttributeSet, boolean>();
  const unnamedPasses = unknownPasses(namespace, pod, label);
  return (set) => {
    if (!set) return unnamedPasses;
    let answer = known.get(set);
    if (answer === undefined) {
      const named = (name: string) => typeof set.attributes[name] === "string" ? [set.attributes[name]] : [];
      answer = (namespacePasses?.(...named(NAMESPACE)) ?? true) && (podPasses?.(...named(POD)) ?? true) &&
        (labels?.(set) ?? true);
      known.set(set, answer);
    }
    return answer;
  };
}

function labelsPass(patterns: EndSettings["label"]): ((set: AttributeSet) => boolean) | undefined {
  if (!hasPatterns(patterns)) return undefined;
  const read = ({ key, value }: { key: string; value: string | undefined }) => {
    const meets = value === undefined ? () => true : value === "" ? (text: string) => text === "" : glob(value);
    return ({ attributes }: AttributeSet) => {
      const found = attributes[LABEL_PREFIX + key];
      return typeof found === "string" && meets(found);
    };
  };
  const readPatterns = { match: patterns.match.map(read), not_match: patterns.not_match.map(read) };
  return (set) => passes(readPatterns, (meets) => meets(set));
}

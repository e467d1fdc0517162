/** The chart's values as chart/values.yaml says them: each with its path, default and the comment before it. */
import { isMap, type Pair, parseDocument, type Scalar, type YAMLMap } from "yaml";

export interface ChartValue {
  path: readonly string[];
  /** undefined: a group, which has values inside. */
  standard: unknown;
  says: string;
}

const VALUES = new URL("../chart/values.yaml", import.meta.url);

/** All values, in the file's order. Throws where one has no comment. */
export function chartValues(text = Deno.readTextFileSync(VALUES)): ChartValue[] {
  return valuesIn(parseDocument(text).contents as unknown as YAMLMap, []);
}

function valuesIn(map: YAMLMap, base: readonly string[]): ChartValue[] {
  return map.items.flatMap((item, at) => {
    const { key, value } = item as Pair<Scalar<string>>;
    const path = [...base, key.value];
    // what comes before the first key of a map is said of the map
    const comment = key.commentBefore ?? (at === 0 ? map.commentBefore : undefined) ?? "";
    const [, says] = /(?:^|\n) -- ([^]*)$/.exec(comment) ?? [];
    if (!says && isMap(value) && value.items.length) return valuesIn(value as YAMLMap, path);
    if (!says) throw new Error(`chart/values.yaml: ${path.join(".")} has no comment that begins with "# --"`);
    const standard = (value as unknown as { toJSON(): unknown } | null)?.toJSON() ?? null;
    return [{ path, standard, says: says.split("\n").map((line) => line.trim()).join(" ") }];
  });
}

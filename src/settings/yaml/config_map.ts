/** The configuration inside a ConfigMap's manifest: the file that its data holds. */
import { type Document, isMap, isScalar, type Pair, Scalar, type YAMLMap } from "yaml";
import type { OffsetMap } from "../document/source_text.ts";
import { blockOffsets } from "./block_offsets.ts";

export interface Embedded {
  /** The file's name in the ConfigMap. */
  name: string;
  text: string;
  /** From its offsets to the manifest's. */
  offsetMap: OffsetMap;
}

const FILE_REGEXP = /\.(?:ya?ml|json|hcl)$/;

/** undefined: the document is no manifest of a ConfigMap. */
export function findEmbedded(
  document: Document.Parsed,
  text: string,
): Embedded | { problem: string; offset: number } | undefined {
  const root: unknown = document.contents;
  if (!isMap(root) || root.get("kind") !== "ConfigMap") return undefined;
  const data = root.get("data");
  const files = isMap(data) ? filesOf(data) : [];
  const [file] = files;
  if (file && files.length === 1) return embedded(file, text);
  const names = files.map(({ key }) => (key as Scalar).value).join(", ");
  return {
    problem: `the ConfigMap's data has ${files.length ? `several files (${names})` : "no file"}: ` +
      "one is wanted, with a name that ends in .yaml, .yml, .json or .hcl",
    offset: root.range?.[0] ?? 0,
  };
}

function filesOf(data: YAMLMap): Pair[] {
  return data.items.filter(({ key, value }) =>
    isScalar(key) && FILE_REGEXP.test(String(key.value)) && isScalar(value) && typeof value.value === "string"
  );
}

function embedded({ key, value }: Pair, text: string): Embedded {
  const node = value as Scalar<string>;
  const start = node.range![0];
  return {
    name: String((key as Scalar).value),
    text: node.value,
    // in other scalars than literal blocks, characters do not stand where they are read
    offsetMap: node.type === Scalar.BLOCK_LITERAL ? blockOffsets(text, start, node.value) : () => start,
  };
}

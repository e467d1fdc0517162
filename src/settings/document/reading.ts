/** What every language's reader takes and yields. */
import type { Variables } from "../environment/variables.ts";
import type { Problem } from "./problem.ts";
import type { OffsetMap, SourceText } from "./source_text.ts";
import type { Group } from "./tree.ts";

/** What reading a language yields: what the text says, and what is wrong with it. */
export interface Reading {
  tree: Group;
  problems: Problem[];
  /** Whether all of the text was understood, whatever is wrong with what it says. */
  isWhole: boolean;
}

/** A text to read. */
export interface ReadOptions {
  /** The file that messages name. */
  source: SourceText;
  /** The text itself: the file's, or one inside it. */
  text: string;
  /** From the text's offsets to the file's. */
  offsetMap: OffsetMap;
  variables: Variables;
}

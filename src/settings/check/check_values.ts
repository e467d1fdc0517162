/** Holds values against the schema's ranges, and places what is wrong in the tree that they came from. */
import * as v from "valibot";
import type { Origin } from "../document/origin.ts";
import type { Problem } from "../document/problem.ts";
import type { Entry, Group, Tree } from "../document/tree.ts";
import { nearest } from "../nearest.ts";
import { type Settings, settingsSchema } from "../schema/schema.ts";
import { isSecretAt } from "../schema/view.ts";
import { keyName } from "./key_name.ts";

export function checkValues(values: unknown, tree: Group): { settings?: Settings; problems: Problem[] } {
  const result = v.safeParse(settingsSchema, values);
  if (result.success) return { settings: result.output, problems: [] };
  return { problems: result.issues.map((issue) => problemOf(issue, tree)) };
}

function problemOf(issue: v.BaseIssue<unknown>, tree: Group): Problem {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const { origin, name } = locate(tree, path);
  const isSecret = isSecretAt(settingsSchema, path);
  return { origin, isSecret, message: `${name}: ${given(issue, origin)}${messageOf(issue)}` };
}

/** What was given, where no line shows it. Secrets never come that far: any text will do for one. */
function given({ input, message }: v.BaseIssue<unknown>, origin: Origin): string {
  const isShown = origin.kind === "file" || typeof input === "object" || message.includes(`"${input}"`);
  return isShown ? "" : `"${input}": `;
}

function messageOf({ type, input, message, expected }: v.BaseIssue<unknown>): string {
  if (type !== "picklist" || typeof input !== "string") return message;
  const words = [...(expected ?? "").matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word!);
  const near = nearest(input.toLowerCase(), words.map((word) => word.toLowerCase()));
  const meant = words.find((word) => word.toLowerCase() === near);
  return meant ? `"${input}" is unknown: did you mean "${meant}"?` : `"${input}" is unknown: ${message}`;
}

/** Where a path leads to in the tree, as far as it goes: a key's place, a list's item's own. */
function locate(tree: Group, path: readonly string[]): { origin: Origin; name: string } {
  let at: Tree | undefined = tree;
  let origin = tree.origin;
  let entry: Entry | undefined;
  const walked: string[] = [];
  for (const key of path) {
    const isItem: boolean = at?.kind === "list";
    if (isItem) walked.push(`${walked.pop()}[${key}]`);
    else walked.push(key);
    entry = at?.kind === "group" ? at.entries.get(key) : undefined;
    // behind what is not there, only the name goes on
    at = at?.kind === "list" ? at.items[Number(key)] : entry?.value;
    origin = entry?.origin ?? at?.origin ?? origin;
  }
  return { origin, name: entry ? keyName(entry, walked) : walked.join(".") };
}

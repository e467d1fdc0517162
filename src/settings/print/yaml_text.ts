/** Shown settings as YAML. */
import type { CommentOf } from "./hcl_text.ts";
import type { Shown } from "./shown_settings.ts";

type Group = Record<string, Shown>;

export function yamlText(settings: Group, commentOf: CommentOf): string {
  return `${groupLines(settings, "", "", commentOf).join("\n")}\n`;
}

function groupLines(values: Group, indent: string, path: string, commentOf: CommentOf): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key;
    const head = `${indent}${word(key)}:`;
    const comment = commentOf(here);
    const behind = comment === undefined ? "" : ` # ${comment}`;
    const deeper = `${indent}  `;
    if (isFlow(value)) return [`${head} ${flow(value)}${behind}`];
    if (!Array.isArray(value)) return [`${head}`, ...groupLines(value as Group, deeper, here, commentOf)];
    return [`${head}${behind}`, ...value.flatMap((item, i) => itemLines(item, deeper, `${here}[${i}]`, commentOf))];
  });
}

function itemLines(item: Shown, indent: string, path: string, commentOf: CommentOf): string[] {
  if (isFlow(item)) return [`${indent}- ${flow(item)}`];
  const [first, ...rest] = groupLines(item as Group, `${indent}  `, path, commentOf);
  return [`${indent}- ${first!.trimStart()}`, ...rest];
}

/** Whether a value goes on its key's line. */
function isFlow(value: Shown): boolean {
  if (typeof value !== "object") return true;
  return Object.values(value).every((inner) => Array.isArray(value) && typeof inner !== "object");
}

function flow(value: Shown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "string") return word(escaped(value));
  return typeof value === "object" ? "{}" : String(value);
}

/** Quotation marks where YAML would take a text for something else. */
function word(text: string): string {
  const isPlain = /^[A-Za-z][\w-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** A text that is no variable, although it looks like one. Keys hold none. */
export function escaped(text: string): string {
  return text.replaceAll("${", () => "$${");
}

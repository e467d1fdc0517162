/** Variables in YAML's texts: ${NAME} and ${NAME:-default}. */
import type { Variables } from "../environment/variables.ts";

/** A text with its variables put in; problems say which are missing. */
export interface Expansion {
  text: string;
  hasVariables: boolean;
  problems: string[];
}

const HOLE_REGEXP = /\$\$\{|\$\{([^}]*)\}/g;
const INSIDE_REGEXP = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

/** `$${` stands for `${` itself; other dollar signs are what they are. */
export function expand(text: string, variables: Variables): Expansion {
  const problems: string[] = [];
  let hasVariables = false;
  const expanded = text.replace(HOLE_REGEXP, (hole, inside: string | undefined) => {
    if (inside === undefined) return "${";
    hasVariables = true;
    const [, name, standard] = INSIDE_REGEXP.exec(inside) ?? [];
    if (name === undefined) {
      problems.push(`${hole} names no variable: write \${NAME} or \${NAME:-default}, or $${hole} for the text itself`);
      return "";
    }
    const value = variables(name);
    // as shells have it: the default also stands in for an empty value
    if (standard !== undefined) return value || standard;
    if (value === undefined) {
      problems.push(`the environment has no ${name}: set it, or write \${${name}:-default}`);
    }
    return value ?? "";
  });
  return { text: expanded, hasVariables, problems };
}

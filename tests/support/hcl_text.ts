/** Random HCL: every form that configurations use, with comments and blanks wherever they may stand. */
import type { Random } from "./random.ts";

/** Names of variables that generated texts ask for; each has the value `<NAME>`. */
const VARIABLES = ["HOST", "POD_NAME", "x1"];

export function hclVariable(name: string): string {
  return `<${name}>`;
}

export class HclText {
  readonly #random: Random;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A file. */
  body(depth = 0): string {
    const items = Array.from({ length: this.#random.below(5) + (depth ? 0 : 1) }, () => this.#item(depth));
    return `${this.#lines()}${items.join("")}`;
  }

  #item(depth: number): string {
    const indent = "  ".repeat(depth);
    const end = `${this.#blanks()}${this.#lineComment()}\n${this.#lines()}`;
    if (depth < 3 && this.#random.oneIn(3)) return `${indent}${this.#block(depth)}${end}`;
    const head = `${indent}${this.#name()}${this.#blanks()}=${this.#blanks()}`;
    if (this.#random.oneIn(6)) return `${head}${this.#heredoc()}\n`;
    return `${head}${this.#value(0)}${end}`;
  }

  #block(depth: number): string {
    const labels = Array.from(
      { length: this.#random.below(3) },
      () => this.#random.oneIn(3) ? this.#name() : `"${this.#name()}"`,
    );
    const head = [this.#name(), ...labels].join(this.#blanks(1)) + this.#blanks();
    switch (this.#random.below(4)) {
      case 0:
        return `${head}{${this.#blanks()}}`;
      case 1:
        return `${head}{${this.#blanks()}${this.#name()}${this.#blanks()}=${this.#blanks()}${
          this.#value(1)
        }${this.#blanks()}}`;
      default:
        return `${head}{${this.#blanks()}${this.#lineComment()}\n${this.body(depth + 1)}}`;
    }
  }

  /** A name that no other one is equal to. */
  #name(): string {
    const stem = this.#random.pick(["a", "log_level", "tcp-timeout", "_x", "ünï", "forty", "nullable", "env"]);
    return `${stem}${this.#count++}`;
  }

  #value(depth: number): string {
    const forms = [
      () => this.#quoted(),
      () => this.#number(),
      () => this.#random.pick(["true", "false"]),
      () => this.#env(),
    ];
    if (depth < 3) forms.push(() => this.#list(depth), () => this.#object(depth));
    return this.#random.pick(forms)();
  }

  #number(): string {
    return this.#random.pick(["0", "7", "4317", "0.25", "1.50", "1e3", "2.5E-3", "-3", "-0.5"]);
  }

  #env(): string {
    const name = this.#random.pick(VARIABLES);
    const standard = this.#random.oneIn(2) ? `,${this.#blanks()}"none"` : "";
    return `env(${this.#blanks()}"${name}"${standard}${this.#blanks()})`;
  }

  #quoted(): string {
    return `"${this.#pieces(['\\"', "\\n", "\\t", "\\\\", "\\u00e9", "\\U0001F600", "#", "//", "/*", "{", "}", "'"])}"`;
  }

  #pieces(special: string[]): string {
    const pieces = ["eth*", " ", "ä", "$", "%", "$${", "%%{", "10.0.0.0/8", "]", "=", "$$", "a.b", ...special];
    const text = () =>
      this.#random.oneIn(6) ? `\${${this.#blanks()}${this.#env()}${this.#blanks()}}` : this.#random.pick(pieces);
    // a sign in front of another one, or of a brace, would be read with it
    return Array.from({ length: this.#random.below(6) }, text).reduce(
      (before, after) => /[$%]$/.test(before) && /^[$%{]/.test(after) ? `${before} ${after}` : before + after,
      "",
    );
  }

  #heredoc(): string {
    const dash = this.#random.pick(["", "-"]);
    const indent = this.#random.pick(["", "  ", "    "]);
    const lines = Array.from({ length: this.#random.below(4) }, () => {
      const more = this.#random.pick(["", "", " ", "   "]);
      return `${indent}${more}${this.#pieces(['"', "\\n", "\\"]) || "x"}\n`;
    });
    return `<<${dash}END\n${lines.join("")}${this.#random.pick(["", "  "])}END`;
  }

  #list(depth: number): string {
    const items = Array.from(
      { length: this.#random.below(4) },
      () => `${this.#anywhere()}${this.#value(depth + 1)}${this.#anywhere()}`,
    );
    const last = items.length && this.#random.oneIn(3) ? `,${this.#anywhere()}` : "";
    return `[${items.join(",")}${last || this.#anywhere()}]`;
  }

  #object(depth: number): string {
    const items = Array.from({ length: this.#random.below(4) }, () => {
      const key = this.#random.oneIn(3) ? `"${this.#name()}.x/y"` : this.#name();
      return `${this.#lines()}${key}${this.#blanks()}${this.#random.pick(["=", ":", " = "])}${this.#blanks()}${
        this.#value(depth + 1)
      }${this.#blanks()}`;
    });
    const separators = items.map((_, i) =>
      i < items.length - 1 ? this.#random.pick([",", "\n", ",\n"]) : this.#random.pick(["", ",", "\n", " # end\n"])
    );
    return `{${items.map((item, i) => item + separators[i]).join("") || this.#lines()}}`;
  }

  #blanks(least = 0): string {
    const blanks = this.#random.pick(["", "", " ", "  ", "\t", " /* x */ ", "/* } */"]);
    return least && !blanks ? " " : blanks;
  }

  #lineComment(): string {
    return this.#random.pick(["", "", "", "", ' # "say', " // {", "#"]);
  }

  #lines(): string {
    return this.#random.pick(["", "", "", "\n", "  # [ note\n", "// a = 1\n\n", "/* b\n = 2 */"]);
  }

  #anywhere(): string {
    return this.#random.pick(["", "", " ", "\n", " # ]\n", "/* ,\n */"]);
  }
}

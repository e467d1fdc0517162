/** Where a setting was said. */
import type { SourceText } from "./source_text.ts";

export type Origin =
  | { kind: "file"; source: SourceText; offset: number }
  | { kind: "environment"; variable: string }
  | { kind: "flag"; flag: string };

/** As people read it: "weir.hcl:3:5", "WEIR_LOG_LEVEL", "--log-level". */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "file": {
      const { line, column } = origin.source.place(origin.offset);
      return `${origin.source.name}:${line}:${column}`;
    }
    case "environment":
      return origin.variable;
    case "flag":
      return origin.flag;
  }
}

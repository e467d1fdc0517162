/** What is wrong with settings, and where. */
import { UsageError } from "../../errors.ts";
import { type Origin, originText } from "./origin.ts";

export interface Problem {
  origin: Origin;
  /** Without a full stop. */
  message: string;
  /** Its line may hold a secret: it is not shown. */
  isSecret?: boolean;
}

/** Problems of settings, all there are: exit code 2. */
export class SettingsError extends UsageError {
  readonly problems: readonly Problem[];

  /** what: as "weir.hcl". */
  constructor(what: string, problems: readonly Problem[]) {
    const sorted = sortProblems(problems);
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super([`Cannot use ${what}: ${count}`, ...sorted.map(problemText)].join("\n"));
    this.problems = sorted;
  }
}

/** In the order of the file, each once; what files cannot place comes last. */
function sortProblems(problems: readonly Problem[]): Problem[] {
  const offsetOf = ({ origin }: Problem) => origin.kind === "file" ? origin.offset : Infinity;
  const seen = new Set<string>();
  return problems.toSorted((a, b) => {
    const [left, right] = [offsetOf(a), offsetOf(b)];
    return left === right ? 0 : left - right;
  }).filter((problem) => {
    const text = problemText(problem);
    return !seen.has(text) && seen.add(text);
  });
}

/** "weir.hcl:3:5: what is wrong", and the line itself where it stands in a file and is nobody's secret. */
export function problemText({ origin, message, isSecret = false }: Problem): string {
  const text = `${originText(origin)}: ${message}`;
  const excerpt = origin.kind === "file" && !isSecret ? origin.source.excerpt(origin.offset) : undefined;
  return excerpt === undefined ? text : `${text}\n${excerpt}`;
}
